// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// The server that the official conformance suite is run against, directly and through the gateway: node
// conformance-server.mjs PORT. It is built on the official SDK of the revisions with sessions (up to 2025-11-25),
// listens on 127.0.0.1. conformance-stateless.mjs is its twin for 2026-07-28.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
    CallToolRequestSchema, CompleteRequestSchema, CreateMessageResultSchema, ElicitResultSchema, GetPromptRequestSchema,
    ListPromptsRequestSchema, ListResourceTemplatesRequestSchema, ListResourcesRequestSchema, ListToolsRequestSchema,
    McpError, ReadResourceRequestSchema, SetLevelRequestSchema, SubscribeRequestSchema, UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import {
    describeTools, fixedTools, forms, getPrompt, listPrompts, listResources, readResource, resourceTemplates,
    secretKey, text,
} from './conformance-content.mjs';
import { listenLocally, refuse } from './local-http.mjs';

const answer = (value) => ({ content: [text(value)] });
const notify = (extra, method, params) => extra.sendNotification({ method, params });

async function logThrice(args, extra) {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await notify(extra, 'notifications/message', { level: 'info', data });
        await sleep(50);
    }
    return answer('Logged three messages.');
}

async function reportProgress(args, extra) {
    const progressToken = extra._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        await notify(extra, 'notifications/progress', { progressToken, progress, total: 100 });
        await sleep(50);
    }
    return answer('Reported progress.');
}

async function sample({ prompt }, extra) {
    const params = { messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 };
    const result = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return answer(`LLM response: ${result.content.text}`);
}

const elicit = (name) => async (args, extra) => {
    const params = { message: args?.message ?? 'Please fill in the form.', requestedSchema: forms[name] };
    const result = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return answer(`Elicitation completed: action=${result.action}, content=${JSON.stringify(result.content ?? {})}`);
};

// The stream is cut under the client, which has to come back for the result (Last-Event-ID).
async function cutStream(args, extra) {
    extra.closeSSEStream?.();
    await sleep(100);
    return answer('The client came back.');
}

// Two tools for the clients of t/55-clients-*.t: one whose answer must not reach them whole, one that only a client ends.
const tellSecret = () => answer(`The key is ${secretKey}, keep it.`);

async function waitForCancel(args, extra) {
    const gone = new Promise((resolve) => extra.signal.addEventListener('abort', resolve));
    const progressToken = extra._meta?.progressToken;
    await notify(extra, 'notifications/progress', { progressToken, progress: 1 });
    await gone;
    console.log('cancelled');
    return answer('Nobody waits for this.');
}

function fail() {
    throw new Error('This tool intentionally returns an error for testing');
}

const tools = {
    ...Object.fromEntries(Object.entries(fixedTools).map(([name, content]) => [name, () => ({ content })])),
    ...Object.fromEntries(Object.keys(forms).map((name) => [name, elicit(name)])),
    test_error_handling: fail,
    test_tool_with_logging: logThrice,
    test_tool_with_progress: reportProgress,
    test_sampling: sample,
    test_reconnection: cutStream,
    wait_for_cancel: waitForCancel,
    tell_secret: tellSecret,
    json_schema_2020_12_tool: (args) => answer(JSON.stringify(args)),
};

async function callTool({ params }, extra) {
    const tool = tools[params.name];
    if (!tool) {
        throw new McpError(-32602, `Unknown tool: ${params.name}`);
    }
    try {
        return await tool(params.arguments ?? {}, extra);
    } catch (error) {
        return { ...answer(error.message), isError: true };
    }
}

function found(value, what) {
    if (value === undefined) {
        throw new McpError(-32602, `Not found: ${what}`, { uri: what });
    }
    return value;
}

const handlers = [
    [ListToolsRequestSchema, () => ({ tools: describeTools(Object.keys(tools)) })],
    [CallToolRequestSchema, callTool],
    [ListResourcesRequestSchema, () => ({ resources: listResources() })],
    [ListResourceTemplatesRequestSchema, () => ({ resourceTemplates })],
    [ReadResourceRequestSchema, ({ params }) => found(readResource(params.uri), params.uri)],
    [SubscribeRequestSchema, () => ({})],
    [UnsubscribeRequestSchema, () => ({})],
    [ListPromptsRequestSchema, () => ({ prompts: listPrompts() })],
    [GetPromptRequestSchema, ({ params }) => found(getPrompt(params.name, params.arguments), params.name)],
    [CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } })],
    [SetLevelRequestSchema, () => ({})],
];

function makeServer() {
    const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} };
    const server = new Server({ name: 'uapi-conformance', version: '0.0.0' }, { capabilities });
    handlers.forEach(([schema, handler]) => server.setRequestHandler(schema, handler));
    return server;
}

// Events are numbered through all streams; what follows an event on its stream is sent again to who comes back.
function makeEventStore() {
    const events = [];
    return {
        async storeEvent(streamId, message) {
            return String(events.push({ streamId, message }));
        },
        async replayEventsAfter(lastEventId, { send }) {
            const { streamId } = events[Number(lastEventId) - 1];
            for (let i = Number(lastEventId); i < events.length; i++) {
                if (events[i].streamId === streamId && Object.keys(events[i].message).length > 0) {
                    await send(String(i + 1), events[i].message);
                }
            }
            return streamId;
        },
    };
}

const sessions = new Map();

async function openSession() {
    const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        eventStore: makeEventStore(),
        retryInterval: 500,
        onsessioninitialized: (id) => sessions.set(id, transport),
        onsessionclosed: (id) => sessions.delete(id),
    });
    await makeServer().connect(transport);
    return transport;
}

async function serve(request, response) {
    const id = request.headers['mcp-session-id'];
    const transport = id === undefined ? await openSession() : sessions.get(id);
    return transport ? transport.handleRequest(request, response) : refuse(response, 404, 'Session not found');
}

listenLocally(Number(process.argv[2]), serve);
