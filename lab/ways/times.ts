// How long a personalization takes by the chip's own clock, machine code and flash in it: over the serial
// line with the time of each byte at 115,200 baud, and over a debug port whose cable takes none. What the
// host computes or waits for is not in it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentClient } from '@firmseal/agent-client';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readImage } from '@firmseal/image';
import { TestClock } from '@firmseal/link/testing';
import { personalizeChip } from '@firmseal/personalization';
import { openProbeProgrammer, openUartProgrammer } from '@firmseal/programming';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { inProcessProbe } from '@firmseal/virtual-line';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import type { WayName } from './interruption.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lineBaud = 115_200;

/** The machine code of the chip, in whole write units. */
function machineCodeOf(id: string) {
  const path = join(root, `device/agent/build/agent-${id}.hex`);
  const { unitBytes } = findChip(id).write;
  return readImage(readFileSync(path), { fileName: path }).segments.map(({ address, bytes }) => {
    const whole = new Uint8Array(Math.ceil(bytes.length / unitBytes) * unitBytes).fill(0xff);
    whole.set(bytes);
    return { address, bytes: whole };
  });
}

/** Seconds of the chip's clock, to level 2. */
export async function simulatedSeconds(id: string, way: WayName): Promise<number> {
  const facts = findChip(id);
  const serial = way === 'serial line';
  const programs = [machineCode()];
  const chip = serial
    ? startInBootloader(id, { programs })
    : createVirtualChip({ chip: id, seed: 'times', executors: programs });
  const clock = new TestClock();
  const line = () => openChipUart(chip, serial ? { lineBaud } : {});
  const [rootKey, ca] = [nodeCrypto.generateP256(), nodeCrypto.generateP256()];
  const startUs = chip.clock.nowUs;
  await clock.run(
    personalizeChip({
      ...{ crypto: nodeCrypto, clock, chip: facts, agentImage: machineCodeOf(id), leastMillivolts: 3000 },
      openProgrammer: () =>
        serial
          ? openUartProgrammer({ chip: facts, stream: line(), clock })
          : openProbeProgrammer(facts, inProcessProbe(chip)),
      openAgent: async () => {
        const stream = line();
        return { agent: await AgentClient.connect({ stream, clock }), close: () => stream.close() };
      },
      ...{ rootPublicKey: rootKey.publicKey, product: 'times', epoch: 0, level: 2 },
      deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
      validFrom: new Date('2026-01-01T00:00:00Z'),
    }),
  );
  return (chip.clock.nowUs - startUs) / 1e6;
}
