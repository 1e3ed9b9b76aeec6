// Structures that lie in flash or on the wire: every member has a static assert of its
// offset, in the file that says so.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../core/${file}`, import.meta.url), 'utf8');

/** Names of the members of a structure as C declares it. */
function membersOf(text: string, name: string): string[] {
  const body = new RegExp(`typedef struct \\{([^}]*)\\} ${name};`).exec(text)?.[1];
  if (body === undefined) throw new Error(`no structure ${name}`);
  const plain = body.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return [...plain.matchAll(/(\w+)(?:\[[^\]]*\])?;/g)].map(([, member]) => member!);
}

it.each([
  ['fs_area', 'fs_area.h', 'fs_layout.c'],
  ['fs_other', 'fs_journal.h', 'fs_layout.c'],
  ['fs_state', 'fs_journal.h', 'fs_layout.c'],
  ['fs_requirement', 'fs_policy.h', 'fs_layout.c'],
  ['fs_usb_setup', 'fs_usb_request.h', 'fs_layout.c'],
  ['mark', 'fs_journal.c', 'fs_journal.c'],
  ['head', 'fs_identity.c', 'fs_identity.c'],
])('%s of %s holds all of its members in %s', (name, declared, held) => {
  const members = membersOf(read(declared), name);
  const text = read(held);
  expect(members.length).toBeGreaterThan(2);
  const loose = members.filter(
    (member) =>
      !text.includes(`FS_AT(${name}, ${member}, `) && !text.includes(`offsetof(${name}, ${member}) == `),
  );
  expect(loose).toEqual([]);
  expect(text).toMatch(new RegExp(`sizeof\\(${name}\\) == |FS_SIZE\\(${name}, `));
});
