// Child of the memory test: seals an image of the given size and prints, as JSON, how far the process grew
// above its idle size at its peak, beyond plaintext and package. Run with --expose-gc.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { sealPackage } from '../src/index.ts';
import { packageSigner, patternBytes, root, sealSmall, smallCore, smallDelegation } from './small-package.ts';

const lengthBytes = Number(process.argv[2]);
const delegation = await smallDelegation();
await sealSmall(); // loads and compiles what sealing needs
const plaintext = patternBytes(lengthBytes, 3);
globalThis.gc!();
const idleBytes = process.memoryUsage().rss;
const started = process.hrtime.bigint();
const { parts } = await sealPackage(crypto, {
  core: smallCore,
  areas: [{ area: { kind: 'firmware', address: 0x08040000, lengthBytes }, plaintext }],
  signer: packageSigner,
  delegation,
  rootPublicKey: root.publicKey,
});
const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
// The peak of the process in KiB. Linux hands the ru_maxrss of a large parent on to its child, so there the
// peak of the address space is asked for.
const peakOfSpace = (): string | undefined => {
  try {
    return /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
};
const peakBytes = Number(peakOfSpace() ?? process.resourceUsage().maxRSS) * 1024;
console.log(
  JSON.stringify({ grownBytes: peakBytes - idleBytes, packageBytes: parts[1].length, milliseconds }),
);
