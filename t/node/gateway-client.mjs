// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// An official client at a universal gateway: node gateway-client.mjs v1|v2 URL [MODE] (MODE, of v2: legacy, auto or a revision). Standard
// input has a JSON line for each thing to do, ["method of the client", params...]; standard output has a line for what came of each:
// the result, or {"error": {code, message, data}}. The first line says what was negotiated. It answers what servers ask of it.
import { createInterface } from 'node:readline';

const [generation, url, mode] = process.argv.slice(2);
const v1 = generation === 'v1';
const { Client } = await import(v1 ? '@modelcontextprotocol/sdk/client/index.js' : '@modelcontextprotocol/client');
const { StreamableHTTPClientTransport } = await import(v1 ? '@modelcontextprotocol/sdk/client/streamableHttp.js'
    : '@modelcontextprotocol/client');
const types = v1 ? await import('@modelcontextprotocol/sdk/types.js') : {};

const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${process.env.UAPI_TOKEN}` } },
});
const client = new Client({ name: 'uapi-gateway-client', version: '0.0.0' }, {
    capabilities: { sampling: {}, elicitation: { form: {} } },
    ...(mode ? { versionNegotiation: { mode: /^\d/.test(mode) ? { pin: mode } : mode } } : {}),
});
const answers = {
    'sampling/createMessage': async () => ({ model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled here' } }),
    'elicitation/create': async () => ({ action: 'accept', content: { username: 'elicited here', email: 'a@example.com', name: 'n', color: 'red' } }),
};
client.setRequestHandler(v1 ? types.CreateMessageRequestSchema : 'sampling/createMessage', answers['sampling/createMessage']);
client.setRequestHandler(v1 ? types.ElicitRequestSchema : 'elicitation/create', answers['elicitation/create']);

async function perform([method, ...params]) {
    try {
        return await client[method](...params);
    } catch (error) {
        return { error: { code: error.code ?? null, message: error.message, data: error.data ?? null } };
    }
}

try {
    await client.connect(transport);
    console.log(JSON.stringify({ revision: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion,
        server: client.getServerVersion()?.name, session: Boolean(transport.sessionId) }));
    for await (const line of createInterface({ input: process.stdin })) {
        console.log(JSON.stringify(await perform(JSON.parse(line))));
    }
    await transport.terminateSession?.();
    await client.close();
} catch (error) {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
}
