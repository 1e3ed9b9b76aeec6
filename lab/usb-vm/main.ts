// `npm run lab -- usb-vm`: fetches the guest's kernel and makes its file system where they are not
// kept, then runs the suites that need them. A guest that cannot be made is a failure here;
// `npm test` would skip those suites.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepareGuest } from './guest.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const suites = [
  'lab/usb-vm',
  'lab/conformance/usb-vm',
  'lab/conformance/clients/usb-vm',
  'apps/cli/test/virtual-usb-vm',
];

try {
  const { kernelName } = prepareGuest();
  process.stderr.write(`guest: ${kernelName}\n`);
} catch (error) {
  process.stderr.write(`the guest cannot be made: ${(error as Error).message}\n`);
  process.exit(1);
}
// One machine at a time: each is a whole processor's work.
const options = ['--no-file-parallelism', ...process.argv.slice(2)];
const child = spawn(process.execPath, ['tools/test-report/main.ts', ...suites, ...options], {
  cwd: root,
  env: { ...process.env, FIRMSEAL_USB_VM: 'whole' },
  stdio: 'inherit',
});
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
child.on('exit', (code) => process.exit(code ?? 1));
