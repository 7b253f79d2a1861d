// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// Makes tool calls with the official client: node calls.mjs URL, the calls as JSON lines on standard input, each
// {"tool": ..., "arguments": {...}}; the token is UAPI_TOKEN. For each call one JSON line: {"text": ..., "isError":
// ...} or {"error": {"code": ..., "message": ..., "data": ...}}, as the client shows it to an agent.
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]), {
    requestInit: { headers: { Authorization: `Bearer ${process.env.UAPI_TOKEN}` } },
});
const client = new Client({ name: 'uapi-calls', version: '0.0.0' });

async function call({ tool, arguments: args }) {
    try {
        const result = await client.callTool({ name: tool, arguments: args });
        const text = result.content.filter((part) => part.type === 'text').map((part) => part.text).join('\n');
        return { text, isError: Boolean(result.isError) };
    } catch (error) {
        return { error: { code: error.code ?? null, message: error.message, data: error.data ?? null } };
    }
}

try {
    await client.connect(transport);
    for await (const line of createInterface({ input: process.stdin })) {
        console.log(JSON.stringify(await call(JSON.parse(line))));
    }
    await transport.terminateSession();
    await client.close();
} catch (error) {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
}
