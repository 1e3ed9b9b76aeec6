// The example of README.md, as it stands there, against a server that answers as OpenOCD does.

import { readFileSync } from 'node:fs';
import { utf8 } from '@firmseal/bytes';
import { createStreamPair, systemClock } from '@firmseal/link';
import { expect, test } from 'vitest';
import { Openocd } from './index.ts';

test('the example of the README', async () => {
  const [stream, server] = createStreamPair();
  server.listen({
    data: (bytes) => {
      const command = new TextDecoder().decode(bytes);
      const text = command.includes('{version}')
        ? 'Open On-Chip Debugger 0.12.0'
        : command.includes('read_memory 0xe0042000')
          ? '0x20016419'
          : '';
      server.write(utf8(`0|${text}\u001a`)).catch(() => undefined);
    },
    closed: () => undefined,
  });
  const openocd = await Openocd.connect({ stream, clock: systemClock });
  await openocd.resetHalt();
  const idCode = await openocd.readWord(0xe0042000);
  expect(idCode).toBe(0x20016419);
  const ownText = readFileSync(new URL(import.meta.url), 'utf8');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([^`]*)```/.exec(readme)![1]!;
  for (const line of example.trim().split('\n')) expect(ownText).toContain(line.trim());
});
