// What stm32flash can do with a chip's UART bootloader: each operation by a run of its own on a fresh chip.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempts, type Cell, judged, notSupported, refused, runAttempts, works } from './cell.ts';
import { applyPatch, optionPatches, optionsInForce } from './option-patch.ts';
import { type Bench, type BenchOptions, flashStart, openUart, pattern, romBench } from './rom-bench.ts';
import { type ClientResult, runClient } from './run-client.ts';

const content = pattern(256);
const image = pattern(6000, 2);

interface Session {
  readonly bench: Bench;
  readonly flash: (...args: string[]) => Promise<ClientResult>;
}

const kept = ({ chip }: Bench): boolean =>
  Buffer.from(chip.judge.flash(flashStart, content.length)).equals(content);
const holdsImage = ({ chip }: Bench): boolean =>
  Buffer.from(chip.judge.flash(flashStart, image.length)).equals(image);
const isErased = ({ chip }: Bench, address: number): boolean =>
  chip.judge.flash(address, 32).every((byte) => byte === 0xff);

async function on<T>(id: string, options: BenchOptions, use: (session: Session) => Promise<T>): Promise<T> {
  const bench = romBench(id, options);
  const uart = await openUart(bench);
  try {
    return await use({
      bench,
      flash: (...args) => runClient('stm32flash', ['-m', '8n1', '-b', '115200', ...args, uart.path]),
    });
  } finally {
    await uart.close();
  }
}

function attemptsOf(id: string, folder: string): Attempts {
  const file = (name: string, bytes?: Uint8Array): string => {
    const path = join(folder, `${id}-${name}`);
    if (bytes === undefined) rmSync(path, { force: true });
    else writeFileSync(path, bytes);
    return path;
  };
  const open = (use: (session: Session) => Promise<Pick<Cell, 'outcome' | 'because'>>) => () =>
    on(id, { content }, use);
  const nacked =
    (command: string, source: string, ...args: string[]) =>
    () =>
      on(id, { content, level: 1 }, async ({ bench, flash }) => {
        const { status, printed } = await flash(...args);
        const isSo =
          status === 1 && printed.includes(`Got NACK from device on command ${command}`) && kept(bench);
        return judged(isSo, refused(source), printed);
      });
  const patch = optionPatches[id]!;
  const place = `${patch.address}:${patch.length}`;
  return {
    identify: open(async ({ flash }) => {
      const { status, printed } = await flash();
      return judged(status === 0 && /Device ID {4}: 0x0[0-9a-f]{3} \(STM32/.test(printed), works, printed);
    }),
    read: open(async ({ flash }) => {
      const path = file('read');
      const { status, printed } = await flash('-r', path, '-S', `${flashStart}:${content.length}`);
      return judged(status === 0 && readFileSync(path).equals(content), works, printed);
    }),
    'erase a sector': open(async ({ bench, flash }) => {
      const second = bench.chip.chip.flash.eraseUnits[1]!.addressStart;
      bench.chip.debug.connect();
      bench.chip.debug.programFlash(second, content);
      const { status, printed } = await flash('-o', '-s', '0', '-e', '1');
      const one = isErased(bench, flashStart) && !isErased(bench, second);
      return judged(status === 0 && one, works, printed);
    }),
    'erase everything': open(async ({ bench, flash }) => {
      const { status, printed } = await flash('-o');
      return judged(status === 0 && isErased(bench, flashStart), works, printed);
    }),
    write: open(async ({ bench, flash }) => {
      const { status, printed } = await flash('-w', file('image', image));
      return judged(status === 0 && holdsImage(bench), works, printed);
    }),
    verify: open(async ({ flash }) => {
      const { status, printed } = await flash('-w', file('image', image), '-v');
      return judged(status === 0 && printed.includes('Wrote and verified'), works, printed);
    }),
    'option bytes': open(async ({ bench, flash }) => {
      const path = file('options');
      const before = optionsInForce(bench.chip);
      const read = await flash('-r', path, '-S', place);
      if (read.status !== 0)
        return notSupported(`its device table has other option bytes: ${lastLine(read)}`);
      const patched = file('patched', applyPatch(new Uint8Array(readFileSync(path)), patch.turn));
      const { printed } = await flash('-c', '-w', patched, '-S', String(patch.address));
      return judged(optionsInForce(bench.chip) !== before && kept(bench), works, printed);
    }),
    'protect (level 1)': open(async ({ bench, flash }) => {
      const { status, printed } = await flash('-j');
      return judged(status === 0 && bench.chip.judge.readoutLevel === 1 && kept(bench), works, printed);
    }),
    'level 1: identify': () =>
      on(id, { content, level: 1 }, async ({ flash }) => {
        const { status, printed } = await flash();
        return judged(status === 0 && printed.includes('Device ID'), works, printed);
      }),
    'level 1: read': nacked('0x11', 'AN3155 3.4', '-r', file('never')),
    'level 1: write': nacked('0x31', 'AN3155 3.6', '-w', file('image', image), '-e', '0'),
    'level 1: erase': nacked('0x44', 'AN3155 3.8', '-o'),
    'unprotect (level 0)': () =>
      on(id, { content, level: 1 }, async ({ bench, flash }) => {
        const { status, printed } = await flash('-k');
        const lifted = bench.chip.judge.readoutLevel === 0 && isErased(bench, flashStart);
        return judged(status === 0 && lifted, works, printed);
      }),
    'go or leave': open(async ({ bench, flash }) => {
      const { printed } = await flash('-g', String(flashStart));
      return judged(bench.chip.bootedApplication?.address === flashStart, works, printed);
    }),
    'level 2: connect': () =>
      on(id, { content, level: 2 }, async ({ bench, flash }) => {
        const { status, printed } = await flash();
        const silent = status === 1 && printed.includes('Failed to init device') && kept(bench);
        return judged(silent, refused('AN2606 4.1: no bootloader at level 2'), printed);
      }),
  };
}

const lastLine = ({ printed }: ClientResult): string => printed.trim().split('\n').at(-1) ?? '';

/** A chip that is not in stm32flash's own table is refused by stm32flash before it sends anything else. */
export async function stm32flashCells(chip: string, folder: string): Promise<Cell[]> {
  const known = await on(chip, {}, ({ flash }) => flash());
  const unknown = /Unknown\/unsupported device \(Device ID: (0x[0-9a-f]+)\)/.exec(known.printed);
  const attempts = attemptsOf(chip, folder);
  if (unknown === null) return runAttempts(attempts, { chip, client: 'stm32flash' });
  const reason = notSupported(`its device table has no ${unknown[1]}`);
  const cells = await runAttempts(
    { 'level 2: connect': attempts['level 2: connect']! },
    { chip, client: 'stm32flash' },
  );
  const others = Object.keys(attempts).filter((name) => name !== 'level 2: connect');
  return [
    ...others.map((name) => ({
      ...{ chip, client: 'stm32flash' as const, operation: name as Cell['operation'] },
      ...reason,
    })),
    ...cells,
  ];
}
