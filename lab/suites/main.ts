// `npm run lab -- suites [PATH...]`: the suites of `npm test` without its budget. Those that
// take a sample there (tools/test-report/sample.ts) take everything here. Without a path, the
// suites that know the difference run.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readTree } from '../../tools/tidy/tree.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Test files that name the sample, or a file beside them that does. */
function sampledSuites(): string[] {
  const usesSample = ({ text }: { text: string }) => /from '[./]+test-report\/sample\.ts'/.test(text);
  return readTree()
    .filter((file) => file.path.endsWith('.test.ts') && usesSample(file))
    .map(({ path }) => path);
}

const args = process.argv.slice(2);
const paths = args.some((arg) => !arg.startsWith('-')) ? [] : sampledSuites();
const child = spawn(process.execPath, ['tools/test-report/main.ts', ...paths, ...args], {
  cwd: root,
  env: { ...process.env, FIRMSEAL_WHOLE: '1' },
  stdio: 'inherit',
});
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
child.on('exit', (code) => process.exit(code ?? 1));
