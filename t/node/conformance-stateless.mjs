// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// As conformance-server.mjs, for the stateless revision 2026-07-28, on the official SDK's second generation: node
// conformance-stateless.mjs PORT. Every request gets a server of its own; what a client must be asked for travels in
// results (input_required) and comes back with the next request.
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
    acceptedContent, CLIENT_CAPABILITIES_META_KEY, createMcpHandler, createRequestStateCodec, inputRequired,
    ProtocolError, Server,
} from '@modelcontextprotocol/server';
import {
    describeTools, fixedTools, getPrompt, listPrompts, listResources, readResource, resourceTemplates,
    secretKey, text,
} from './conformance-content.mjs';
import { listenLocally } from './local-http.mjs';

const states = createRequestStateCodec({ key: randomBytes(32) });
const answer = (value) => ({ content: [text(value)] });

// What a client can be asked for: the request, whether a response answers it, and the capability it takes.
const form = (message, name, type = 'string') => ({
    capability: 'elicitation',
    request: () => inputRequired.elicit({
        message, requestedSchema: { type: 'object', properties: { [name]: { type } }, required: [name] },
    }),
    answered: (responses, key) => acceptedContent(responses, key)?.[name] !== undefined,
});
const completion = (prompt) => ({
    capability: 'sampling',
    request: () => inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 }),
    answered: (responses, key) => responses?.[key]?.content !== undefined,
});
const roots = {
    capability: 'roots',
    request: () => inputRequired.listRoots(),
    answered: (responses, key) => Array.isArray(responses?.[key]?.roots),
};

const name = form('What is your name?', 'name');
const confirmation = form('Please confirm', 'ok', 'boolean');

// Rounds of questions by key. `state`: the round is kept in sealed requestState.
const dialogues = {
    test_missing_capability: { rounds: [{ answer: completion('Say pong') }] },
    test_input_required_result_elicitation: { rounds: [{ user_name: name }] },
    test_input_required_result_sampling: {
        rounds: [{ capital_question: completion('What is the capital of France?') }],
    },
    test_input_required_result_list_roots: { rounds: [{ client_roots: roots }] },
    test_input_required_result_request_state: { rounds: [{ confirm: confirmation }], state: true },
    test_input_required_result_multiple_inputs: {
        rounds: [{ user_name: name, greeting: completion('Greet me'), client_roots: roots }], state: true,
    },
    test_input_required_result_multi_round: {
        rounds: [{ step1: name }, { step2: form('What is your favourite colour?', 'color') }], state: true,
    },
    test_input_required_result_tampered_state: { rounds: [{ confirm: confirmation }], state: true },
    test_input_required_result_capabilities: {
        rounds: [{ user_name: name, greeting: completion('Greet me'), client_roots: roots }], onlyDeclared: true,
    },
    test_input_required_result_prompt: { rounds: [{ user_context: form('Which context?', 'context') }] },
};

// Undefined when every question has its answer.
async function ask(dialogue, { mcpReq }) {
    const declared = mcpReq.envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
    const responses = mcpReq.inputResponses;
    const questions = (round) => Object.entries(dialogue.rounds[round] ?? {})
        .filter(([, question]) => !dialogue.onlyDeclared || declared[question.capability] !== undefined);
    let round = mcpReq.requestState()?.round ?? 0;
    if (responses && questions(round).every(([key, question]) => question.answered(responses, key))) {
        round++;
    }
    const open = questions(round).map(([key, question]) => [key, question.request()]);
    if (open.length === 0) {
        return undefined;
    }
    const state = dialogue.state ? { requestState: await states.mint({ round, nonce: randomUUID() }) } : {};
    return inputRequired({ inputRequests: Object.fromEntries(open), ...state });
}

async function reportProgress(args, { mcpReq }) {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        await sleep(50);
    }
    return answer('Reported progress.');
}

// Two tools for the clients of t/55-clients-*.t, as in conformance-server.mjs.
const tellSecret = () => answer(`The key is ${secretKey}, keep it.`);

async function waitForCancel(args, { mcpReq }) {
    const gone = new Promise((resolve) => mcpReq.signal.addEventListener('abort', resolve));
    const progressToken = mcpReq._meta?.progressToken;
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    await gone;
    console.log('cancelled');
    return answer('Nobody waits for this.');
}

const tools = {
    ...Object.fromEntries(Object.entries(fixedTools).map(([key, content]) => [key, () => ({ content })])),
    ...Object.fromEntries(Object.entries(dialogues).map(([key, dialogue]) => [
        key, async (args, context) => await ask(dialogue, context) ?? answer('state-ok: nothing is left to ask.'),
    ])),
    test_error_handling: () => ({ ...answer('This tool intentionally returns an error for testing'), isError: true }),
    test_tool_with_progress: reportProgress,
    test_streaming_elicitation: () => answer('Nothing but a result travels on this stream.'),
    test_logging_tool: async (args, { mcpReq }) => {
        await mcpReq.log('info', 'Only who asks for a level gets this.');
        return answer('Logged.');
    },
    test_trigger_tool_change: () => {
        handler.notify.toolsChanged();
        return answer('Told.');
    },
    test_trigger_prompt_change: () => {
        handler.notify.promptsChanged();
        return answer('Told.');
    },
    test_x_mcp_header: ({ region }) => answer(`region=${region}`),
    wait_for_cancel: waitForCancel,
    tell_secret: tellSecret,
    json_schema_2020_12_tool: (args) => answer(JSON.stringify(args)),
};
delete tools.test_input_required_result_prompt;

function found(value, what) {
    if (value === undefined) {
        throw new ProtocolError(-32602, `Not found: ${what}`, { uri: what });
    }
    return value;
}

async function prompt({ params }, context) {
    if (params.name === 'test_input_required_result_prompt') {
        return await ask(dialogues[params.name], context)
            ?? { messages: [{ role: 'user', content: text('Use the context.') }] };
    }
    return found(getPrompt(params.name, params.arguments), params.name);
}

const cached = (result) => ({ ...result, ttlMs: 1000, cacheScope: 'private' });
const handlers = {
    'tools/list': () => cached({ tools: describeTools(Object.keys(tools)) }),
    'tools/call': ({ params }, context) => found(tools[params.name], params.name)(params.arguments ?? {}, context),
    'resources/list': () => cached({ resources: listResources() }),
    'resources/templates/list': () => cached({ resourceTemplates }),
    'resources/read': ({ params }) => cached(found(readResource(params.uri), params.uri)),
    'prompts/list': () => cached({
        prompts: [...listPrompts(), { name: 'test_input_required_result_prompt', description: 'Asks first.' }],
    }),
    'prompts/get': prompt,
    'completion/complete': () => ({ completion: { values: [], total: 0, hasMore: false } }),
};

function makeServer() {
    const server = new Server({ name: 'uapi-conformance', version: '0.0.0' }, {
        capabilities: {
            tools: { listChanged: true }, resources: {}, prompts: { listChanged: true }, logging: {}, completions: {},
        },
        requestState: { verify: states.verify },
    });
    Object.entries(handlers).forEach(([method, handle]) => server.setRequestHandler(method, handle));
    return server;
}

const handler = createMcpHandler(makeServer, { legacy: 'reject' });

async function bodyOf(request) {
    const pieces = [];
    for await (const piece of request) {
        pieces.push(piece);
    }
    return pieces.length > 0 ? Buffer.concat(pieces) : undefined;
}

listenLocally(Number(process.argv[2]), async (request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { status, headers, body } = await handler.fetch(new Request(`http://${request.headers.host}${request.url}`, {
        method: request.method, headers: request.headers, body: await bodyOf(request), signal: gone.signal,
    }));
    response.writeHead(status, Object.fromEntries(headers));
    response.flushHeaders();
    // A client that leaves a stream early is no fault.
    await pipeline(body ? Readable.fromWeb(body) : Readable.from([]), response).catch(() => {});
});
