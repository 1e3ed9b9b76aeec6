// What the agent's cycles are for: functions by their names in the executable, grouped as the
// table of docs/figures.md shows them. A function that no group names counts as "the
// rest", so that nothing is lost.

import type { AgentBuild } from '../../device/agent/toolchain/thumb.ts';
import { symbolsOf } from '../../device/agent/toolchain/thumb.ts';

export const parts = ['link', 'SHA-256', 'GHASH', 'AES', 'flash', 'the rest'] as const;
export type Part = (typeof parts)[number];

const groups: readonly (readonly [Part, RegExp])[] = [
  [
    'link',
    /^(fs_main|fs_link_\w+|fs_reception_\w+|fs_port_link_send|fs_frame_\w+|fs_watchdog_feed|fs_crc32|turn|handle)$/,
  ],
  ['SHA-256', /^(br_sha2\w+|br_range_dec32be|br_range_enc32be|fs_crypto_sha256_\w+|hash_area)$/],
  ['GHASH', /^(br_ghash_\w+|rev32|bmul32|bmul)$/],
  ['AES', /^(br_aes_\w+|shift_rows|add_round_key|mix_columns|br_enc32le|br_dec32le|sub_word)$/],
  [
    'flash',
    /^(fs_port_flash_\w+|fs_flash_\w+|fs_guarded_copy|fs_wait_for|fs_chip_clear_nmi|fs_equal|unlock|finish)$/,
  ],
];

/** gcc names clones of a function `name.part.0` and the like. */
function partOf(functionName: string): Part {
  const name = functionName.split('.')[0]!;
  return groups.find(([, pattern]) => pattern.test(name))?.[0] ?? 'the rest';
}

/** Cycles by part. */
export type Shares = Readonly<Record<Part, number>>;

export const noShares = (): Record<Part, number> =>
  Object.fromEntries(parts.map((part) => [part, 0])) as Record<Part, number>;

export const total = (shares: Shares): number => parts.reduce((sum, part) => sum + shares[part], 0);

/** Finds the part that an address of code belongs to; the last function found is tried first. */
export function partFinder(build: AgentBuild): (address: number) => Part {
  const functions = [...symbolsOf(build.elf)]
    .map(([name, { address, sizeBytes }]) => ({ part: partOf(name), start: address & ~1, sizeBytes }))
    .filter(({ sizeBytes }) => sizeBytes > 0);
  let last = { part: 'the rest' as Part, start: 0, sizeBytes: 0 };
  return (address) => {
    if (address < last.start || address >= last.start + last.sizeBytes)
      last = functions.find(({ start, sizeBytes }) => address >= start && address < start + sizeBytes) ?? {
        part: 'the rest',
        start: address,
        sizeBytes: 2,
      };
    return last.part;
  };
}
