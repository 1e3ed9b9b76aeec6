// How long a personalization takes by the chip's own clock, machine code and flash in it: over the serial
// line with the time of each byte at 115,200 baud; over USB and over debug ports whose cables take none, one
// of them through OpenOCD, whose loader runs in the chip. Bytes to the agent take their time on its serial
// line each time. What the host computes or waits for is not in it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentClient } from '@firmseal/agent-client';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { chipUsbPlace } from '@firmseal/dfu/testing';
import { readImage } from '@firmseal/image';
import { systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { openocdOnChip } from '@firmseal/openocd/testing';
import { personalizeChip } from '@firmseal/personalization';
import {
  type ChipProgrammer,
  openDfuseProgrammer,
  openOpenocdProgrammer,
  openProbeProgrammer,
  openUartProgrammer,
} from '@firmseal/programming';
import { connectTcp } from '@firmseal/tcp-adapter';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { inProcessProbe } from '@firmseal/virtual-line';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';

export const timedWays = ['serial line', 'USB', 'OpenOCD', 'debug port'] as const;
type TimedWay = (typeof timedWays)[number];

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
export async function simulatedSeconds(id: string, way: TimedWay): Promise<number> {
  const facts = findChip(id);
  const programs = [machineCode()];
  const inBootloader = way === 'serial line' || way === 'USB';
  const chip = inBootloader
    ? startInBootloader(id, { programs })
    : createVirtualChip({ chip: id, seed: 'times', executors: programs });
  if (!inBootloader) chip.powerOn();
  const program = way === 'OpenOCD' ? await openocdOnChip(chip) : undefined;
  // OpenOCD runs in the machine's time; the others only pretend to wait.
  const own = new TestClock();
  const clock = program === undefined ? own : systemClock;
  const line = () => openChipUart(chip, { lineBaud });
  const usb = way === 'USB' ? chipUsbPlace(chip) : undefined;
  const openProgrammer = async (): Promise<ChipProgrammer> => {
    if (program !== undefined)
      return openOpenocdProgrammer({
        chip: facts,
        stream: await connectTcp('127.0.0.1', program.port),
        clock,
      });
    if (usb !== undefined) return openDfuseProgrammer({ chip: facts, clock, openDevice: () => usb.open() });
    return way === 'serial line'
      ? openUartProgrammer({ chip: facts, stream: line(), clock })
      : openProbeProgrammer(facts, inProcessProbe(chip));
  };
  const [rootKey, ca] = [nodeCrypto.generateP256(), nodeCrypto.generateP256()];
  const startUs = chip.clock.nowUs;
  const done = personalizeChip({
    ...{ crypto: nodeCrypto, clock, chip: facts, agentImage: machineCodeOf(id), leastMillivolts: 3000 },
    openProgrammer,
    openAgent: async () => {
      const stream = line();
      return { agent: await AgentClient.connect({ stream, clock }), close: () => stream.close() };
    },
    ...{ rootPublicKey: rootKey.publicKey, product: 'times', epoch: 0, level: 2 },
    deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
    validFrom: new Date('2026-01-01T00:00:00Z'),
  });
  try {
    await (program === undefined ? own.run(done) : done);
    return (chip.clock.nowUs - startUs) / 1e6;
  } finally {
    usb?.close();
    await program?.close();
  }
}
