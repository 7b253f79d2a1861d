// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// An HTTP server for this machine only: it listens on 127.0.0.1 and refuses every Host that is not a local name, as
// MCP demands of local servers (DNS rebinding); with UAPI_ANY_HOST=1 it is as careless as many servers are.
import { createServer } from 'node:http';

const local = new Set(['localhost', '127.0.0.1', '[::1]']);
const isLocal = (host) => process.env.UAPI_ANY_HOST === '1' || local.has((host ?? '').replace(/:\d+$/, ''));

export function refuse(response, status, message) {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32600, message } }));
}

export function listenLocally(port, serve) {
    createServer(async (request, response) => {
        try {
            await (isLocal(request.headers.host) ? serve(request, response)
                : refuse(response, 403, 'Host is not a local name'));
        } catch (error) {
            console.error(error);
            response.headersSent ? response.destroy() : refuse(response, 500, 'Internal error');
        }
    }).listen(port, '127.0.0.1');
}
