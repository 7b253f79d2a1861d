# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# The official Python client, driven by lines: python client.py URL [MODE]; MODE is legacy, auto or a revision. Orders
# and answers are those of t/node/client.mjs.
import json
import os
import sys

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client


class Bearer(httpx2.Auth):
    """The token of the moment: an order may replace it between two requests of one session."""

    token = os.environ['UAPI_TOKEN']

    def auth_flow(self, request):
        request.headers['Authorization'] = 'Bearer ' + self.token
        yield request


def texts(parts):
    return '\n'.join(part.text for part in parts if part.type == 'text')


async def call(client, order, **options):
    result = await client.call_tool(order['tool'], order.get('arguments') or {}, **options)
    return {'text': texts(result.content), 'isError': bool(result.is_error)}


async def list_all(client):
    return {
        'tools': [tool.name for tool in (await client.list_tools()).tools],
        'resources': [str(resource.uri) for resource in (await client.list_resources()).resources],
        'templates': [each.uri_template for each in (await client.list_resource_templates()).resource_templates],
        'prompts': [prompt.name for prompt in (await client.list_prompts()).prompts],
    }


async def read(client, order):
    return {'text': (await client.read_resource(order['uri'])).contents[0].text}


async def prompt(client, order):
    result = await client.get_prompt(order['name'], order.get('arguments'))
    return {'text': texts([message.content for message in result.messages])}


async def progress(client, order):
    seen = []

    async def note(progress, total, message):
        seen.append(progress)

    return {**await call(client, order, progress_callback=note), 'progress': seen}


async def cancel(client, order):
    """Gives the call up as soon as the server has shown a sign of life."""
    with anyio.CancelScope() as scope:
        async def give_up(progress, total, message):
            scope.cancel()

        return await call(client, order, progress_callback=give_up)
    return {'error': {'kind': 'Cancelled', 'code': None, 'message': 'given up', 'data': None}}


async def perform(client, bearer, order):
    action = order['do']
    if action == 'token':
        bearer.token = order['token']
        return {}
    if action == 'list':
        return await list_all(client)
    actions = {'call': call, 'read': read, 'prompt': prompt, 'progress': progress, 'cancel': cancel}
    try:
        return await actions[action](client, order)
    except MCPError as error:
        return {'error': {'kind': 'MCPError', 'code': error.error.code, 'message': error.error.message,
                          'data': error.error.data}}


async def next_order():
    line = await anyio.to_thread.run_sync(sys.stdin.readline)
    return json.loads(line) if line else {'do': 'close'}


def answer(value):
    print(json.dumps(value), flush=True)


async def main(url, mode):
    bearer = Bearer()
    assert (await next_order())['do'] == 'connect'
    async with httpx2.AsyncClient(auth=bearer, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            info = client.server_info
            answer({'revision': client.protocol_version, 'server': info.name if info else None})
            while (order := await next_order())['do'] != 'close':
                answer(await perform(client, bearer, order))
    answer({})


anyio.run(main, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else 'auto')
