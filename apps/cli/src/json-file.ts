// Files of JSON that people may have edited: read up to a limit and checked field by field.

import { readBoundedFile } from '@firmseal/files';
import type { z } from 'zod';

const mostBytes = 64 * 1024;

/**
 * The content as the schema types it, or a problem in words. Throws what readBoundedFile does.
 */
export function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
): { readonly data: T } | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(readBoundedFile(path, mostBytes)).replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: 'it is not JSON' };
    throw error;
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return { data };
  const { path: field, message } = error.issues[0]!;
  const name = field.join('.');
  return { problem: name === '' ? message : `${name}: ${message}` };
}
