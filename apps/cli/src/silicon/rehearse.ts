// The last check on silicon: a rehearsal of personalization, with keys that nobody keeps, at
// readout level 0; then flash and option bytes are put back. The agent that ships is written,
// runs, makes keys, sets option bytes.

import { AgentClient } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import { type Chip, type OptionValues, withoutWriteProtection } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault, faultLabel } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import { type ImagePart, personalizeChip } from '@firmseal/personalization';
import type { ChipProgrammer } from '@firmseal/programming';
import type { SiliconCheck } from '@firmseal/silicon';
import { openProgrammer } from '../programmer-place.ts';
import { releaseDate } from '../release-date.ts';
import { openSocket } from '../sockets.ts';

/** What the chip had, to be put back. */
export interface Kept {
  readonly options: OptionValues;
  /** Of all erase units; undefined where a word could not be read. */
  readonly flash: Bytes | undefined;
}

export async function keep(programmer: ChipProgrammer): Promise<Kept> {
  const { addressStart, sizeBytes } = programmer.chip.flash;
  const flash = await programmer.read(addressStart, sizeBytes).catch(() => undefined);
  return { options: await programmer.readOptions(), flash };
}

export interface Rehearsal {
  readonly chip: Chip;
  readonly via: string;
  readonly socket: string;
  readonly image: readonly ImagePart[];
  readonly leastMillivolts?: number;
}

/** Never throws a fault: it is what the check found. */
export async function rehearse({ chip, via, socket, image, ...supply }: Rehearsal): Promise<SiliconCheck> {
  const [root, ca] = [nodeCrypto.generateP256(), nodeCrypto.generateP256()];
  const startMs = systemClock.nowMs();
  const steps: string[] = [];
  const ended = (outcome: 'pass' | 'fail', found: string): SiliconCheck => ({
    ...{ name: 'rehearsal', outcome, found, milliseconds: Math.round(systemClock.nowMs() - startMs) },
    expected: 'personalized at level 0, as the chip itself says',
  });
  try {
    await personalizeChip({
      ...{ crypto: nodeCrypto, clock: systemClock, chip, agentImage: image, ...supply },
      openProgrammer: () => openProgrammer(via, chip),
      openAgent: async () => {
        const stream = await openSocket(socket);
        const agent = await AgentClient.connect({ stream, clock: systemClock });
        return { agent, close: () => stream.close() };
      },
      ...{ rootPublicKey: root.publicKey, product: 'silicon-check', epoch: 0, level: 0 },
      origin: { kind: 'witnessed', rehearsal: true },
      deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
      validFrom: releaseDate,
      onStep: (step) => steps.push(step),
    });
    return ended('pass', steps.join(', '));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const reached = steps.length === 0 ? 'nothing' : steps.join(', ');
    return ended('fail', `after ${reached}: ${faultLabel(error.code)} ${error.code}: ${error.message}`);
  }
}

/** How long somebody has for the reset button. */
const patienceMs = 120_000;

/** The way once more: into a ROM bootloader only a reset leads, with BOOT0 still high. */
async function openAgain(via: string, chip: Chip, onReset: () => void): Promise<ChipProgrammer> {
  const endMs = systemClock.nowMs() + patienceMs;
  for (let asked = false; ; asked = true) {
    try {
      return await openProgrammer(via, chip);
    } catch (error) {
      if (!(error instanceof Fault) || systemClock.nowMs() >= endMs) throw error;
      if (!asked) onReset();
    }
  }
}

/**
 * Flash and option bytes as they were. `onReset` is called when the chip must be reset by
 * hand. Throws the faults of the way.
 */
export async function putBack(
  { via, chip, onReset }: { via: string; chip: Chip; onReset: () => void },
  { options, flash }: Kept,
): Promise<void> {
  const programmer = await openAgain(via, chip, onReset);
  try {
    const open = withoutWriteProtection(chip, await programmer.readOptions());
    if (open.size > 0) await programmer.writeOptions(open);
    await programmer.eraseAll();
    for (const { addressStart, sizeBytes } of flash === undefined ? [] : chip.flash.eraseUnits) {
      const offset = addressStart - chip.flash.addressStart;
      const bytes = flash!.subarray(offset, offset + sizeBytes);
      if (bytes.some((byte) => byte !== 0xff)) await programmer.write(addressStart, bytes);
    }
    const now = await programmer.readOptions();
    const changed = new Map([...options].filter(([register, value]) => now.get(register) !== value));
    if (changed.size > 0) await programmer.writeOptions(changed);
  } finally {
    await programmer.close().catch(() => undefined);
  }
}
