// Generates spec/authority-http.openapi.json: the HTTP interface of the authority as OpenAPI 3.1, from the
// table of calls that server and client use (packages/authority-contract).

import { type Call, calls, jsonSchemaOf, mostEvidenceLineBytes } from '@firmseal/authority-contract';
import { faultCodes, faultRow } from '@firmseal/fault';

type Json = Readonly<Record<string, unknown>>;

interface ObjectShape {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

/** Without the dialect, which OpenAPI 3.1 has by itself. */
function schemaOf(shape: Call['input']): ObjectShape & Json {
  const { $schema: _, ...schema } = jsonSchemaOf(shape) as ObjectShape & Json;
  return schema;
}

const namesInPath = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

function parametersOf({ method, path, input }: Call): Json[] {
  const inPath = namesInPath(path);
  const { properties = {}, required = [] } = schemaOf(input);
  return Object.entries(properties)
    .filter(([name]) => inPath.includes(name) || method === 'GET')
    .map(([name, schema]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: inPath.includes(name) || required.includes(name),
      schema,
    }));
}

function bodyOf({ method, path, input }: Call): Json {
  if (method === 'GET') return {};
  const inPath = namesInPath(path);
  const { properties = {}, required = [] } = schemaOf(input);
  const fields = Object.entries(properties).filter(([name]) => !inPath.includes(name));
  const due = required.filter((name) => !inPath.includes(name));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields),
    ...(due.length === 0 ? {} : { required: due }),
    additionalProperties: false,
  };
  return { requestBody: { required: due.length > 0, content: { 'application/json': { schema } } } };
}

const fault = { $ref: '#/components/schemas/Fault' };

function answersOf(item: Call): Json {
  const content =
    item.path === calls.exportEvidence.path
      ? { 'application/x-ndjson': { schema: { type: 'string', description: evidenceLines } } }
      : { 'application/json': { schema: schemaOf(item.answer) } };
  return {
    [item.status]: { description: 'The answer.', content },
    default: { description: 'A fault.', content: { 'application/json': { schema: fault } } },
  };
}

const evidenceLines = `Lines of JSON, each at most ${mostEvidenceLineBytes} bytes long (spec/authority-http.md section 4).`;

const operationOf = (name: string, item: Call): Json => ({
  operationId: name,
  description: item.about,
  security: item.scopes.length === 0 ? [] : [{ token: [] }],
  parameters: parametersOf(item),
  ...bodyOf(item),
  responses: answersOf(item),
});

function paths(): Record<string, Record<string, Json>> {
  const all: Record<string, Record<string, Json>> = {};
  for (const [name, item] of Object.entries(calls) as [string, Call][])
    all[item.path] = { ...all[item.path], [item.method.toLowerCase()]: operationOf(name, item) };
  return all;
}

/** Path (from the project's root) to text. */
export function generateOpenApi(): Map<string, string> {
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'firmseal authority',
      version: '1',
      description: 'Jobs, quota, licenses, receipts and the log. In words: spec/authority-http.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'https://authority.example:7443' }],
    paths: paths(),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Fault: {
          type: 'object',
          required: ['code', 'number', 'sentence', 'remedy', 'fields'],
          properties: {
            code: { enum: faultCodes.filter((code) => faultRow(code).http !== null) },
            number: { type: 'integer' },
            sentence: { type: 'string' },
            remedy: { type: 'string' },
            fields: { type: 'object' },
          },
        },
      },
    },
  };
  return new Map([['spec/authority-http.openapi.json', `${JSON.stringify(document, null, 1)}\n`]]);
}
