// Builds the agent as machine code for every chip that has a port, twice: for the chip's own core, and for ARMv6-M. Prints
// where the executables are, their sizes, and the deepest path of the stack. Arguments: ids of chips, none for all.

import { imageSize } from './toolchain/image-size.ts';
import { portedChips, targetOf } from './toolchain/targets.ts';
import { buildAgent } from './toolchain/thumb.ts';

const wanted = process.argv.slice(2);
const ids = portedChips().filter((id) => wanted.length === 0 || wanted.includes(id));
if (ids.length === 0) {
  console.error(`no port for ${wanted.join(', ')}; there are: ${portedChips().join(', ')}`);
  process.exitCode = 1;
}
for (const id of ids) {
  for (const kind of ['shipping', 'armv6m'] as const) {
    const build = buildAgent(targetOf(id, kind));
    const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
    console.log(`${id} ${kind} (${build.target.cpu}): ${build.elf}`);
    console.log(
      `  flash ${codeBytes}, of that crypto ${cryptoBytes}; RAM ${ramBytes}, of that stack ${build.stackBytes}`,
    );
    console.log(`  deepest: ${build.stack.bytes} bytes, ${build.stack.path.join(' > ')}`);
  }
}
