// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// A small REST service, of the shape that policies/examples/billing.openapi.json describes: node billing.mjs PORT
import { createServer } from 'node:http';

const customers = new Map([['cus_1', { id: 'cus_1', name: 'Ada' }], ['cus_2', { id: 'cus_2', name: 'Grace' }]]);
const refunds = [];

const routes = [
    ['GET', /^\/v1\/customers$/, () => [200, { data: [...customers.values()] }]],
    ['POST', /^\/v1\/customers$/, (_, body) => [201, { id: 'cus_3', ...body }]],
    ['GET', /^\/v1\/customers\/search$/, () => [200, { data: [] }]],
    ['GET', /^\/v1\/customers\/([^/]+)$/, (id) => (customers.has(id) ? [200, customers.get(id)] : [404, { error: 'no such customer' }])],
    ['DELETE', /^\/v1\/customers\/([^/]+)$/, (id) => [customers.delete(id) ? 204 : 404]],
    ['GET', /^\/v1\/charges\/([^/]+)\/refunds$/, (charge) => [200, { data: refunds.filter((each) => each.charge === charge) }]],
    ['POST', /^\/v1\/charges\/([^/]+)\/refunds$/, (charge, body) => [201, refunds[refunds.push({ id: `re_${refunds.length + 1}`, charge, ...body }) - 1]]],
    ['POST', /^\/v1\/charges\/([^/:]+):capture$/, (charge) => [200, { id: charge, captured: true }]],
];

async function bodyOf(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const text = Buffer.concat(pieces).toString('utf8');
    return /json/.test(request.headers['content-type'] ?? '') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
}

createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const route = routes.find(([method, pattern]) => method === (request.method === 'HEAD' ? 'GET' : request.method) && pattern.test(path));
    const [status, answer] = route ? route[2](...(route[1].exec(path)[1] ? [decodeURIComponent(route[1].exec(path)[1])] : [undefined]), await bodyOf(request)) : [404, { error: 'no such path' }];
    response.writeHead(status, answer ? { 'Content-Type': 'application/json' } : {});
    response.end(answer ? JSON.stringify(answer) : undefined);
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
