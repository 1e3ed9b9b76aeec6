// Set up by vitest before each test file: files share a process, so one that leaves a variable of the
// environment, a working folder or a stopped clock behind fails, instead of the file after it.

import { afterAll, vi } from 'vitest';

const folder = process.cwd();
const environment = { ...process.env };

/** Puts back what differs from the state at the start of the file; one phrase for each thing that did. */
function putBack(): string[] {
  const names = new Set([...Object.keys(environment), ...Object.keys(process.env)]);
  const left: string[] = [];
  for (const name of [...names].sort()) {
    const value = environment[name];
    if (value === process.env[name]) continue;
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
    left.push(`the variable ${name}`);
  }
  if (process.cwd() !== folder) left.push(`the working folder ${process.cwd()}`);
  process.chdir(folder);
  if (vi.isFakeTimers()) left.push('a clock that stands still');
  vi.useRealTimers();
  return left;
}

// Registered before any hook of the file itself, so it runs after all of them.
afterAll(() => {
  const left = putBack();
  if (left.length > 0) throw new Error(`this test file leaves behind: ${left.join(', ')}`);
});
