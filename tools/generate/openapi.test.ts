import { calls } from '@firmseal/authority-contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { generateOpenApi } from './openapi.ts';

const document = JSON.parse(generateOpenApi().get('spec/authority-http.openapi.json')!);

test('the interface is a valid OpenAPI 3.1 document, whose references lead somewhere', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
  expect(() => validator.resolveRefs()).not.toThrow();
});

test('it has every call once, with every parameter of its path', () => {
  const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) => Object.entries(methods).map(([method, one]) => ({ path, method, ...one })),
  );
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(calls).sort());
  for (const { path, parameters } of operations)
    for (const [, name] of path.matchAll(/\{(\w+)\}/g))
      expect(parameters).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }));
});

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly object[];
}
