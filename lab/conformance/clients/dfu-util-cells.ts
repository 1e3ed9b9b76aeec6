// What dfu-util can do with a chip's DfuSe bootloader over USB/IP: each operation by a
// run of its own on a fresh chip.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dfuShimEnvironment } from '../../dfu-shim/build.ts';
import { type Attempts, type Cell, judged, notSupported, refused, runAttempts, works } from './cell.ts';
import { applyPatch, optionPatches, optionsInForce } from './option-patch.ts';
import { type Bench, type BenchOptions, flashStart, openUsb, pattern, romBench } from './rom-bench.ts';
import { type ClientResult, runClient } from './run-client.ts';

const content = pattern(256);
const image = pattern(6000, 2);
const start = '0x08000000';

interface Session {
  readonly bench: Bench;
  readonly dfu: (...args: string[]) => Promise<ClientResult>;
}

const holds = ({ chip }: Bench, bytes: Uint8Array): boolean =>
  Buffer.from(chip.judge.flash(flashStart, bytes.length)).equals(bytes);
const isErased = ({ chip }: Bench, address: number): boolean =>
  chip.judge.flash(address, 32).every((byte) => byte === 0xff);

export async function dfuUtilCells(
  chip: string,
  { folder, shim }: { folder: string; shim: string },
): Promise<Cell[]> {
  const file = (name: string, bytes?: Uint8Array): string => {
    const path = join(folder, `${chip}-dfu-${name}`);
    if (bytes === undefined) rmSync(path, { force: true });
    else writeFileSync(path, bytes);
    return path;
  };
  const imageFile = file('image', image);
  const on =
    (options: BenchOptions, use: (session: Session) => Promise<Pick<Cell, 'outcome' | 'because'>>) =>
    async () => {
      const bench = romBench(chip, { content, ...options });
      const usb = await openUsb(bench);
      try {
        const environment = dfuShimEnvironment(shim, usb.port);
        return await use({ bench, dfu: (...args) => runClient('dfu-util', args, environment) });
      } finally {
        await usb.close();
      }
    };
  const download = (modifiers = '') => ['-a', '0', '-s', `${start}${modifiers}`, '-D', imageFile];
  const refusedAt1 = (command: string, ...args: string[]) =>
    on({ level: 1 }, async ({ bench, dfu }) => {
      const { status, printed } = await dfu(...args);
      const said = status !== 0 && printed.includes(`${command} not correctly executed`);
      return judged(
        said && holds(bench, content),
        refused('AN3156, commands under read protection'),
        printed,
      );
    });
  const patch = optionPatches[chip]!;
  /** Reads the option bytes, turns bits of them, writes them back: their writing loads them by a reset. */
  const rewriteOptions = async ({ dfu }: Session, turn: typeof patch.turn): Promise<string> => {
    const path = file('options');
    const address = `0x${patch.address.toString(16)}`;
    const alternate = ['-a', String(patch.alternate)];
    // force: the layout string of G0B1's option bytes is that of its flash.
    const read = await dfu(...alternate, '-s', `${address}:${patch.length}:force`, '-U', path);
    if (read.status !== 0) return read.printed;
    const patched = file('patched', applyPatch(new Uint8Array(readFileSync(path)), turn));
    return (await dfu(...alternate, '-s', `${address}:force`, '-D', patched)).printed;
  };
  const attempts: Attempts = {
    identify: on({}, async ({ dfu }) => {
      const { printed } = await dfu('-l');
      return judged(printed.includes('Found DFU: [0483:df11]'), works, printed);
    }),
    read: on({}, async ({ dfu }) => {
      const path = file('read');
      const { status, printed } = await dfu('-a', '0', '-s', `${start}:${content.length}`, '-U', path);
      return judged(status === 0 && readFileSync(path).equals(content), works, printed);
    }),
    'erase a sector': async () => notSupported('erases only the units that it then writes'),
    'erase everything': on({}, async ({ bench, dfu }) => {
      const last = bench.chip.chip.flash.eraseUnits.at(-1)!.addressStart;
      bench.chip.debug.connect();
      bench.chip.debug.programFlash(last, content);
      const { status, printed } = await dfu(...download(':mass-erase:force'));
      return judged(status === 0 && isErased(bench, last) && holds(bench, image), works, printed);
    }),
    write: on({}, async ({ bench, dfu }) => {
      const { status, printed } = await dfu(...download());
      return judged(status === 0 && holds(bench, image), works, printed);
    }),
    verify: async () => notSupported('does not compare; read back and compare'),
    'option bytes': on({}, async (session) => {
      const { chip } = session.bench;
      const before = optionsInForce(chip);
      const printed = await rewriteOptions(session, patch.turn);
      const changed = optionsInForce(chip) !== before && chip.judge.readoutLevel === 0;
      return judged(changed && holds(session.bench, content), works, printed);
    }),
    'protect (level 1)': on({}, async (session) => {
      const printed = await rewriteOptions(session, patch.protect);
      const shut = session.bench.chip.judge.readoutLevel === 1 && holds(session.bench, content);
      return judged(shut, works, printed);
    }),
    'level 1: identify': on({ level: 1 }, async ({ dfu }) => {
      const { printed } = await dfu('-l');
      return judged(printed.includes('Found DFU: [0483:df11]'), works, printed);
    }),
    'level 1: read': refusedAt1('SET_ADDRESS', '-a', '0', '-s', `${start}:32`, '-U', file('never')),
    'level 1: write': refusedAt1('ERASE_PAGE', ...download()),
    'level 1: erase': refusedAt1('MASS_ERASE', ...download(':mass-erase:force')),
    'unprotect (level 0)': on({ level: 1 }, async ({ bench, dfu }) => {
      const { printed } = await dfu(...download(':unprotect:force'));
      const lifted = bench.chip.judge.readoutLevel === 0 && isErased(bench, flashStart);
      return judged(lifted, works, printed);
    }),
    'go or leave': on({}, async ({ bench, dfu }) => {
      const { printed } = await dfu(...download(':leave'));
      return judged(bench.chip.bootedApplication?.address === flashStart, works, printed);
    }),
    'level 2: connect': on({ level: 2 }, async ({ bench, dfu }) => {
      const { printed } = await dfu('-l');
      const silent = !printed.includes('Found DFU') && holds(bench, content);
      return judged(silent, refused('AN2606 4.1: no bootloader at level 2'), printed);
    }),
  };
  return runAttempts(attempts, { chip, client: 'dfu-util' });
}
