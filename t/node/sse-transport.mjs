// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The official client over HTTP+SSE of 2024-11-05: node sse-transport.mjs URL [MESSAGE [TOOL]]; the token is UAPI_TOKEN. One JSON object:
// the tools' names, the text of an echo, what TOOL gave, and where messages were posted.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';

const posted = new Set();
const transport = new SSEClientTransport(new URL(process.argv[2]), {
    requestInit: { headers: { Authorization: `Bearer ${process.env.UAPI_TOKEN}` } },
    fetch: (url, init) => {
        if (init?.method === 'POST') posted.add(String(url));
        return fetch(url, init);
    },
});
const client = new Client({ name: 'uapi-sse', version: '0.0.0' }, { capabilities: { elicitation: {} } });

async function call(name, args) {
    try {
        const result = await client.callTool({ name, arguments: args });
        return { text: result.content.map((part) => part.text).join('\n') };
    } catch (error) {
        return { code: error.code, reason: error.data?.reason, message: error.message };
    }
}

try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    const echo = await call('echo', { message: process.argv[3] ?? 'hello' });
    const other = process.argv[4] && await call(process.argv[4], {});
    console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), echo, other, posted: [...posted] }));
    await client.close();
} catch (error) {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
}
