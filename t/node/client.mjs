// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// An official TypeScript client, driven by lines: node client.mjs v1|v2 URL [ERA]. ERA is of v2 only: legacy, auto or a
// revision to insist on. Each line of standard input is {"do": ...} and is answered by one line; t/lib/Uapi/Client.pm
// is the other end, t/clients/client.py the same for the Python SDK. The token is UAPI_TOKEN until "token" replaces it.
import { createInterface } from 'node:readline';

const [generation, url, era] = process.argv.slice(2);
const { Client } = await import(generation === 'v1' ? '@modelcontextprotocol/sdk/client/index.js'
    : '@modelcontextprotocol/client');
const { StreamableHTTPClientTransport } = await import(generation === 'v1'
    ? '@modelcontextprotocol/sdk/client/streamableHttp.js' : '@modelcontextprotocol/client');

let token = process.env.UAPI_TOKEN;
const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: (target, init) => {
        const headers = new Headers(init?.headers);
        headers.set('Authorization', `Bearer ${token}`);
        return fetch(target, { ...init, headers });
    },
});
const mode = /^\d/.test(era ?? '') ? { pin: era } : era;
const client = new Client({ name: 'uapi-client', version: '0.0.0' }, mode ? { versionNegotiation: { mode } } : {});

const texts = (parts) => parts.filter((part) => part.type === 'text').map((part) => part.text).join('\n');

async function callTool({ tool, arguments: args = {} }, options) {
    const params = { name: tool, arguments: args };
    const result = await (generation === 'v1' ? client.callTool(params, undefined, options)
        : client.callTool(params, options));
    return { text: texts(result.content), isError: Boolean(result.isError) };
}

const actions = {
    connect: async () => {
        await client.connect(transport);
        const revision = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
        return { revision, server: client.getServerVersion()?.name, session: transport.sessionId ?? null };
    },
    token: async (order) => { token = order.token; return {}; },
    list: async () => ({
        tools: (await client.listTools()).tools.map(({ name }) => name),
        resources: (await client.listResources()).resources.map(({ uri }) => uri),
        templates: (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        prompts: (await client.listPrompts()).prompts.map(({ name }) => name),
    }),
    call: callTool,
    read: async ({ uri }) => ({ text: (await client.readResource({ uri })).contents[0].text }),
    prompt: async ({ name, arguments: args }) => {
        const { messages } = await client.getPrompt({ name, arguments: args });
        return { text: texts(messages.map(({ content }) => content)) };
    },
    progress: async (order) => {
        const progress = [];
        const result = await callTool(order, { onprogress: (each) => progress.push(each.progress) });
        return { ...result, progress };
    },
    // Gives the call up as soon as the server has shown a sign of life.
    cancel: async (order) => {
        const given = new AbortController();
        return callTool(order, { signal: given.signal, onprogress: () => given.abort('enough') });
    },
    close: async () => {
        await transport.terminateSession?.();
        await client.close();
        return {};
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    let answer;
    try {
        answer = await actions[order.do](order);
    } catch (error) {
        answer = { error: { kind: error.constructor.name, code: error.code ?? null, message: error.message ?? String(error),
            data: error.data ?? null } };
    }
    console.log(JSON.stringify(answer));
}
process.exit(0);
