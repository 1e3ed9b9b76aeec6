// The console as it is served: small, the same from the same sources, no script in the page, no code of text.

import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { type BuiltConsole, buildConsole } from './build-console.ts';

/** What a browser loads before the person signs in. */
const mostFirstBytes = 200 * 1024;
let built: BuiltConsole;
const textOf = (name: string): string => new TextDecoder().decode(built.files.get(name));
beforeAll(async () => {
  built = await buildConsole();
});

/** The scripts that the page names, and those that they import without being asked to. */
function firstScripts(): Set<string> {
  const found = new Set<string>();
  const waiting = [...textOf('index.html').matchAll(/<script type="module" src="([^"]+)">/g)].map(
    ([, src]) => src!,
  );
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const imports = textOf(name).matchAll(/(?:\bfrom|;import|^import)\s*"\.\/([^"]+)"/g);
    waiting.push(...[...imports].map(([, file]) => file!));
  }
  return found;
}

test('loads less than 200 KiB before a person signs in, compressed', () => {
  const names = [...firstScripts(), ...[...built.files.keys()].filter((name) => /\.(css|html)$/.test(name))];
  const sizes = names.map((name) => gzipSync(built.files.get(name)!, { level: 9 }).length);
  const bytes = sizes.reduce((sum, one) => sum + one, 0);
  const all = [...built.files.values()].reduce((sum, one) => sum + one.length, 0);
  console.log(
    `console: ${(bytes / 1024).toFixed(1)} KiB gzipped at first, ${(all / 1024).toFixed(0)} KiB in all`,
  );
  expect(names.length).toBeGreaterThan(3);
  expect(bytes).toBeLessThan(mostFirstBytes);
  // What verifies signatures comes when a page needs it.
  expect([...firstScripts()].some((name) => name.startsWith('verify-'))).toBe(false);
});

test('has no script and no style in the page, and makes no code of text', () => {
  const page = textOf('index.html');
  expect(page).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|style=/);
  for (const name of built.files.keys())
    if (name.endsWith('.js')) expect(textOf(name), name).not.toMatch(/\beval\(|\bnew Function\b/);
  // zod looks whether it may, but is told not to, before its first shape is made.
  for (const name of built.files.keys())
    if (name.endsWith('.js')) expect(textOf(name).slice(0, 100), name).toContain('jitless=true');
});

test('names no other host in page and styles', () => {
  const hosts = [...built.files].flatMap(([name, content]) =>
    /\.(html|css)$/.test(name) ? [...new TextDecoder().decode(content).matchAll(/https?:\/\//g)] : [],
  );
  expect(hosts).toEqual([]);
});

test('is the same when it is built again', async () => {
  const again = await buildConsole();
  expect([...again.files.keys()]).toEqual([...built.files.keys()]);
  for (const [name, content] of again.files)
    expect(Buffer.from(content).equals(built.files.get(name)!)).toBe(true);
});

test('comes with the licences of what is in it', () => {
  for (const name of ['react', 'react-dom', 'uplot', '@noble/curves', 'zod'])
    expect(textOf('licenses.txt')).toContain(`${name} `);
});
