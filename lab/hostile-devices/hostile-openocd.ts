// A server that answers like an OpenOCD which holds a chip, with a mutator in between: memory that reads
// as counted words, files that are taken, flash commands that succeed.

import { type ByteStream, createStreamPair } from '@firmseal/link';
import type { Mutator } from './mutation.ts';

/**
 * Words of an L476 at level 0: its identity, its option register, flash that is erased or holds the image.
 */
function wordAt(address: number, content: Uint8Array): number {
  if (address === 0xe004_2000) return 0x1007_6415;
  if (address === 0x4002_2020) return 0xffef_f8aa;
  // Ranges of write protection and PCROP that begin after their end: none.
  if (address >= 0x4002_2024 && address <= 0x4002_2050) return 0xffff;
  if (address >>> 12 === 0x4002_2) return 0;
  const offset = address - 0x0800_0000;
  if (offset < 0 || offset + 4 > content.length) return 0xffff_ffff;
  return new DataView(content.buffer).getUint32(offset, true);
}

function answerTo(command: string, content: Uint8Array): string {
  if (command.includes('{version}')) return '0|Open On-Chip Debugger 0.12.0';
  const read = /read_memory (0x[0-9a-f]+) 32 (\d+)/.exec(command);
  if (read !== null) {
    const start = Number(read[1]);
    const count = Math.min(Number(read[2]), 4096);
    const words = Array.from({ length: count }, (_, i) => wordAt(start + 4 * i, content));
    return `0|${words.map((word) => `0x${word.toString(16)}`).join(' ')}`;
  }
  return command.includes('file tempfile') ? '0|file-1' : '0|';
}

/** `image` stands in the flash in half of the sessions. */
export function hostileOpenocd(mutator: Mutator, image: Uint8Array): ByteStream {
  const [host, server] = createStreamPair();
  const content = mutator.random() < 0.5 ? image : new Uint8Array(0);
  let waiting = '';
  server.listen({
    data: (bytes) => {
      waiting += new TextDecoder('latin1').decode(bytes);
      for (let at = waiting.indexOf('\u001a'); at >= 0; at = waiting.indexOf('\u001a')) {
        const text = `${answerTo(waiting.slice(0, at), content)}\u001a`;
        waiting = waiting.slice(at + 1);
        const answer = mutator.mutate(new TextEncoder().encode(text)).bytes;
        if (answer !== undefined) server.write(answer).catch(() => undefined);
      }
    },
    closed: () => undefined,
  });
  return host;
}
