// A hostile host at the USB connector of the machine code that ships: requests at random, and a bus that is
// reset, put to sleep, cut off in the middle of an answer or unplugged. Every request ends, in an answer or
// a STALL; no access leaves the memory of the agent, the driver makes no mistake that the model of the
// controller knows, and a sound package installs afterwards.

import { concatBytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { attachLicense } from '@firmseal/seal';
import { SeededRandom, type UsbWire } from '@firmseal/virtual-stm32';
import type { Line } from '../../device/agent/test/line.ts';
import { personalizeMachine } from '../../device/agent/test/machine-line.ts';
import { makeLicense, makePackage } from '../../device/agent/test/trusted-site.ts';
import { dfuState, Stalled, UsbHost, usbBlock } from '../../device/agent/test/usb-host.ts';
import { hostileRequest } from '../../device/agent/test/usb-noise.ts';
import { portedChips, targetOf, usbCoreOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { quickMachineLine } from '../power/bench.ts';

/** Chips whose machine code has USB. */
export const usbChips = portedChips().filter((id) => usbCoreOf(id) !== undefined);

export interface HostileUsbReport {
  readonly requests: number;
  readonly stalls: number;
  /** Times that something was done to the bus itself. */
  readonly busEvents: number;
}

/** About one in so many requests comes with something that is done to the bus. */
const busEventEvery = 20;

/** A transfer that is given up after some packets. */
function cut(wire: UsbWire, random: SeededRandom): void {
  const [type, request] = (
    [
      [0xc0, 1],
      [0x80, 6],
      [0x21, 1],
      [0xa1, 3],
    ] as const
  )[random.below(4)]!;
  const data = new Uint8Array(type === 0x21 ? random.below(1025) : 0);
  const length = type === 0x21 ? data.length : random.below(300);
  const value = request === 6 ? (1 + random.below(3)) << 8 : 0;
  wire.begin(
    { requestType: type, request, value, index: request === 1 && type === 0xc0 ? 7 : 0, length },
    data,
    () => {},
  );
  wire.carry(random.below(8));
}

interface Asked {
  readonly chipId: string;
  readonly requests: number;
  readonly seed: string;
}

/**
 * At a chip that waits, with a sound file for it. Throws what went wrong, with the number of the request.
 */
export async function hostileRequests(
  { chip }: Line,
  file: Uint8Array,
  { requests, seed }: Omit<Asked, 'chipId'>,
): Promise<HostileUsbReport> {
  const random = new SeededRandom(`hostile usb ${seed}`);
  const usb = new UsbHost(chip);
  await usb.open();
  const seen: string[] = [];
  const before = chip.onEvent;
  chip.onEvent = (event) => {
    seen.push(event.kind);
    before(event);
  };
  const done = { requests: 0, stalls: 0, busEvents: 0 };
  const bus = async () => {
    const kind = random.below(4);
    chip.touchUsb((wire) => {
      if (kind === 0) cut(wire, random);
      else if (kind === 1) {
        wire.suspend();
        wire.resume();
      } else if (kind === 2) {
        wire.unplug();
        wire.plug();
      }
    });
    // A cable that comes back, and a host that takes over, reset the bus.
    if (kind > 1) await usb.open(random.below(2));
    done.busEvents++;
  };
  const check = () => {
    const { mistakes } = chip.machine.usb!.core;
    const { faults, lockedUp } = chip.machine.processor;
    const wrong = [
      ...seen,
      ...mistakes,
      ...(lockedUp || faults.hard !== 0 ? ['a fault of the processor'] : []),
    ];
    if (wrong.length > 0) throw new Error(`request ${done.requests}, seed ${seed}: ${wrong.join(', ')}`);
  };
  while (done.requests < requests) {
    if (random.below(busEventEvery) === 0) await bus();
    done.requests++;
    try {
      await hostileRequest(random, file)(usb);
    } catch (error) {
      if (!(error instanceof Stalled))
        throw new Error(`request ${done.requests}, seed ${seed}: no answer`, { cause: error });
      done.stalls++;
    }
    check();
  }
  chip.onEvent = before;
  usb.close();
  return done;
}

/** A chip of its own, and a sound package at the end. */
export async function hostileUsb({ chipId, requests, seed }: Asked): Promise<HostileUsbReport> {
  const build = buildAgent(targetOf(chipId));
  const block = usbBlock(findChip(chipId));
  const line = quickMachineLine(chipId, `hostile usb ${seed}`, build, block);
  await personalizeMachine(line, 2);
  line.hello();
  const sealed = await makePackage(chipId);
  const { bundle } = await makeLicense(sealed, line.device!);
  const file = concatBytes(...attachLicense(sealed.file, bundle));
  const report = await hostileRequests(line, file, { requests, seed });
  const usb = new UsbHost(line.chip);
  await usb.open();
  const last = await usb.send(file);
  if (last.state !== dfuState.downloadIdle || (await usb.finish()).state !== dfuState.waitReset)
    throw new Error(`seed ${seed}: a sound package is refused after ${requests} requests`);
  usb.close();
  return report;
}
