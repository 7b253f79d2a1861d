// Licensed under the Apache License, Version 2.0; see LICENSE.
//
// What the official conformance suite expects to find on a server: names, texts and schemas are the suite's. The two
// revisions that conformance-server.mjs speaks serve the same tables.

// A PNG of one pixel and a WAV of one sample.
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNQSFgAAAHEASFiX4r9AAAAAElFTkSuQmCC';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==';

export const text = (value) => ({ type: 'text', text: value });
const image = { type: 'image', data: png, mimeType: 'image/png' };
const resource = (uri, mimeType, value) => ({ type: 'resource', resource: { uri, mimeType, text: value } });

// Tools that answer the same to every call.
export const fixedTools = {
    test_simple_text: [text('This is a simple text response for testing.')],
    test_image_content: [image],
    test_audio_content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
    test_embedded_resource: [
        resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ],
    test_multiple_content_types: [
        text('Multiple content types test:'),
        image,
        resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
};

// A key of the form that scanners of secrets look for, in pieces, so that none flags this file.
export const secretKey = ['AK', 'IA', 'QYLPMN5HFIQR7BBB'].join('');

const object = (properties = {}, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const string = { type: 'string' };
const oneOf = (kind, ...titles) => titles.map((title, i) => ({ const: `value${i + 1}`, title: `${title} ${kind}` }));
const choices = oneOf('Choice', 'First', 'Second', 'Third');
const options = ['option1', 'option2', 'option3'];

// The forms that elicitation tools ask the client to fill in.
export const forms = {
    test_elicitation: object({ username: string, email: string }),
    test_elicitation_sep1034_defaults: object({
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
    }, []),
    test_elicitation_sep1330_enums: object({
        untitledSingle: { type: 'string', enum: options },
        titledSingle: { type: 'string', oneOf: oneOf('Option', 'First', 'Second', 'Third') },
        legacyEnum: {
            type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', enum: options } },
        titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: choices } },
    }, []),
};

// A schema with the vocabulary of JSON Schema 2020-12; it must reach the client as it is.
const schema2020 = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: string, city: string } } },
    properties: {
        name: string,
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: string,
        email: string,
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
};

// Arguments of the tools that take any.
const schemas = {
    test_sampling: object({ prompt: string }),
    test_elicitation: object({ message: string }),
    test_x_mcp_header: object({ region: { type: 'string', 'x-mcp-header': 'Region' }, level: { type: 'integer' } }, []),
    json_schema_2020_12_tool: schema2020,
};

export const describeTools = (names) => names.map((name) => ({
    name,
    description: `The suite's ${name}.`,
    inputSchema: schemas[name] ?? object(),
}));

export const resources = {
    'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
    'test://static-binary': { mimeType: 'image/png', blob: png },
    'test://watched-resource': { mimeType: 'text/plain', text: 'This resource can be subscribed to.' },
};
export const listResources = () =>
    Object.entries(resources).map(([uri, { mimeType }]) => ({ uri, name: uri.slice(7), mimeType }));
export const resourceTemplates = [
    { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' },
];

// Undefined if there is none.
export function readResource(uri) {
    const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
    if (id !== undefined) {
        const value = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
        return { contents: [{ uri, mimeType: 'application/json', text: value }] };
    }
    return resources[uri] && { contents: [{ uri, ...resources[uri] }] };
}

const user = (...contents) => ({ messages: contents.map((content) => ({ role: 'user', content })) });
const prompts = {
    test_simple_prompt: () => user(text('This is a simple prompt for testing.')),
    test_prompt_with_arguments: ({ arg1, arg2 }) => user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
    test_prompt_with_embedded_resource: ({ resourceUri }) => user(
        resource(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
    ),
    test_prompt_with_image: () => user(image, text('Please analyze the image above.')),
};
const promptArguments = {
    test_prompt_with_arguments: ['arg1', 'arg2'],
    test_prompt_with_embedded_resource: ['resourceUri'],
};
export const listPrompts = () => Object.keys(prompts).map((name) => ({
    name,
    description: `The suite's ${name}.`,
    arguments: (promptArguments[name] ?? []).map((argument) => ({ name: argument, required: true })),
}));
export const getPrompt = (name, args = {}) => prompts[name]?.(args);
