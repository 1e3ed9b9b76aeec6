// Builds the agent as machine code for every chip that has a port, and once for QEMU. Prints
// where the executables are, their sizes, and the deepest path of the stack. Arguments: ids of
// chips, or `qemu`; none for all.

import { imageSize } from './toolchain/image-size.ts';
import { portedChips, qemuTarget, type Target, targetOf } from './toolchain/targets.ts';
import { buildAgent } from './toolchain/thumb.ts';

const wanted = process.argv.slice(2);
const builds: Record<string, () => Target[]> = {
  ...Object.fromEntries(portedChips().map((id) => [id, () => [targetOf(id)]])),
  qemu: () => [qemuTarget()],
};
const names = Object.keys(builds).filter((name) => wanted.length === 0 || wanted.includes(name));
if (names.length === 0) {
  console.error(`no port for ${wanted.join(', ')}; there are: ${Object.keys(builds).join(', ')}`);
  process.exitCode = 1;
}
for (const target of names.flatMap((name) => builds[name]!())) {
  const build = buildAgent(target);
  const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
  console.log(`${target.chip.id} ${target.kind} (${target.cpu}): ${build.elf}`);
  console.log(
    `  flash ${codeBytes}, of that crypto ${cryptoBytes}; RAM ${ramBytes}, of that stack ${build.stackBytes}`,
  );
  console.log(`  deepest: ${build.stack.bytes} bytes, ${build.stack.path.join(' > ')}`);
}
