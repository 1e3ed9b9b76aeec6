// The clients under attack: each door is one session of a client against one hostile device, on a clock
// on which waiting takes no time. A session programs a little, so that every request of the client is
// reached.

import { AgentClient } from '@firmseal/agent-client';
import { findChip } from '@firmseal/chips';
import { downloadFile, openFrameStream, readMemoryLayout } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import type { TestClock } from '@firmseal/link/testing';
import {
  type ChipProgrammer,
  openDfuseProgrammer,
  openOpenocdProgrammer,
  openUartProgrammer,
  planFlash,
  readOptionSetting,
  runPlan,
} from '@firmseal/programming';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { readConfigurationDescriptor } from '@firmseal/usb-device';
import { enumerate } from '@firmseal/usb-device/testing';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { hostileOpenocd } from './hostile-openocd.ts';
import { hostileUart } from './hostile-uart.ts';
import { hostileAgent, hostileBootloader } from './hostile-usb.ts';
import type { Mutator } from './mutation.ts';

/** One session; rejects with the fault that ended it. */
export type Session = (mutator: Mutator, clock: TestClock) => Promise<unknown>;

const chipId = 'stm32l476';
const chip = findChip(chipId);
const flash = chip.flash.addressStart;
const image = Uint8Array.from({ length: 640 }, (_, i) => (i * 7 + 1) & 0xff);

/**
 * The same chip for many sessions, put back into its bootloader each time; a new chip once it is locked.
 */
function benchChip(): () => VirtualChip {
  let one: VirtualChip | undefined;
  return () => {
    if (one !== undefined && one.judge.readoutLevel < 2) {
      one.powerOff();
      one.powerOn();
    } else one = startInBootloader(chipId);
    return one;
  };
}

async function program(programmer: ChipProgrammer): Promise<void> {
  const segments = [{ address: flash, bytes: image }];
  const options = [readOptionSetting(chip, `BOR_LEV=${image.length % 5}`)];
  const plan = await planFlash(programmer, { segments, options, unprotect: true }).catch(
    async (error: unknown) => {
      // A chip that a flipped bit protected: the way back is a session of its own.
      await programmer.unprotect().catch(() => undefined);
      throw error;
    },
  );
  await runPlan(programmer, plan);
  await programmer.protect();
  await programmer.unprotect();
  await programmer.start(flash);
}

const uartChip = benchChip();
const usbChip = benchChip();

export const doors: Readonly<Record<string, Session>> = {
  'UART bootloader': async (mutator, clock) => {
    const stream = hostileUart(uartChip(), mutator);
    try {
      await program(await openUartProgrammer({ chip, stream, clock }));
    } finally {
      await stream.close();
    }
  },
  'DfuSe bootloader': async (mutator, clock) => {
    const openDevice = async () => {
      const answers = hostileBootloader(usbChip(), mutator);
      if (answers === undefined) throw new Error('nothing is plugged in');
      return enumerateWithin(answers, clock);
    };
    await program(await openDfuseProgrammer({ chip, clock, openDevice }));
  },
  'download to an agent': async (mutator, clock) => {
    const device = await enumerateWithin(hostileAgent(mutator), clock);
    await downloadFile({ device, clock, file: [new Uint8Array(3000)] });
  },
  'frames of an agent': async (mutator, clock) => {
    const device = await enumerateWithin(hostileAgent(mutator), clock);
    const stream = await openFrameStream({ device, clock });
    try {
      await AgentClient.connect({ stream, clock });
    } finally {
      await stream.close();
    }
  },
  OpenOCD: async (mutator, clock) => {
    const stream = hostileOpenocd(mutator, image);
    try {
      await program(await openOpenocdProgrammer({ chip, stream, clock }));
    } finally {
      await stream.close();
    }
  },
  descriptors: async (mutator) => {
    for (let i = 0; i < 50; i++) {
      const layout = chip.romBootloader.dfu!.alternates[i % 2]!;
      const text = mutator.mutate(new TextEncoder().encode(layout)).bytes ?? new Uint8Array(0);
      readMemoryLayout(new TextDecoder('latin1').decode(text));
      const bytes = mutator.mutate(descriptorSample).bytes;
      if (bytes !== undefined) readConfigurationDescriptor(bytes);
    }
  },
};

const descriptorSample = Uint8Array.from([
  ...[9, 2, 36, 0, 1, 1, 0, 0xc0, 50, 9, 4, 0, 0, 0, 0xfe, 1, 2, 4, 9, 4, 0, 1, 0, 0xfe, 1, 2, 5],
  ...[9, 0x21, 0x0b, 0xff, 0, 0x00, 0x08, 0x1a, 0x01],
]);

/** A host gives up on a device that does not answer while it is enumerated, as an operating system does. */
async function enumerateWithin(answers: Parameters<typeof enumerate>[0], clock: TestClock) {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(5000, () => reject(new HostGaveUp('not enumerated')));
  });
  try {
    return await Promise.race([enumerate(answers), late]);
  } catch (error) {
    // A device that a host cannot even enumerate never reaches a client; the reader of
    // its descriptors is ours.
    throw error instanceof Fault ? error : new HostGaveUp(String(error));
  } finally {
    cancel();
  }
}

/** What ends a session before a client is there. */
export class HostGaveUp extends Error {
  override readonly name = 'HostGaveUp';
}
