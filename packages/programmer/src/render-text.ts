// Words and forms that all renderers share. Text from outside (port paths, chip ids) is made harmless for a
// terminal here: one column a character, no control characters.

import type { InstallStateName } from './install-states.ts';

/** Printable ASCII as it is, everything else a question mark. */
export function plainText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** `2.1s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}

/** What a person calls the state. */
export const stateWords: Readonly<Record<InstallStateName, string>> = {
  opening: 'connecting',
  hello: 'identifying',
  licensing: 'licensing',
  package: 'checking',
  license: 'erasing',
  records: 'writing',
  receipt: 'proving',
  storing: 'storing receipt',
  closing: 'closing',
  restarting: 'reconnecting',
  passed: 'PASS',
  failed: 'FAIL',
};
