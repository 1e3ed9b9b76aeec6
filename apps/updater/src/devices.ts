// Devices of the browser: the ones that this page was allowed before, the one that the person chooses now,
// and how each is opened as a line to the agent. Web Serial API and WebUSB, both of the WICG.

import { askToDetach, findDfuInterface, findRunTimeInterface, openFrameStream } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import { sleep, systemClock } from '@firmseal/link';
import type { SocketOpener } from '@firmseal/programmer';
import { openWebSerial } from '@firmseal/web-serial-adapter';

export type Way = 'usb' | 'serial';

/** A device that the page may open. */
export type Line =
  | { readonly way: 'usb'; readonly device: USBDevice }
  | { readonly way: 'serial'; readonly port: SerialPort };

/** The agent's rate without board settings (spec/board.md section 4). */
const line = { baud: 115_200, parity: 'none' } as const;
/** A chip is back on the bus this long after a reset, at the latest. */
const returnMs = 10_000;
const lookMs = 250;
/** From an application to the agent on the bus. */
const enterMs = 3000;

const serialOf = (): Serial | undefined => ('serial' in navigator ? navigator.serial : undefined);
const usbOf = (): USB | undefined => ('usb' in navigator ? navigator.usb : undefined);

/** The ways that this browser has; none in Firefox and Safari. */
export function waysHere(): Way[] {
  return [...(usbOf() ? (['usb'] as const) : []), ...(serialOf() ? (['serial'] as const) : [])];
}

/** The agent has a setting for frames beside the one for files (spec/link.md section 5.1). */
const hasFrames = (device: USBDevice): boolean =>
  device.configurations.some(({ interfaces }) =>
    interfaces.some(({ alternates }) =>
      alternates.some((one) => one.alternateSetting === 1 && one.interfaceClass === 0xff),
    ),
  );

const isApplication = (device: USBDevice): boolean =>
  !hasFrames(device) && findRunTimeInterface(device) !== undefined;

/** Agents that this page was allowed before. */
async function knownAgents(): Promise<USBDevice[]> {
  return (
    (await usbOf()
      ?.getDevices()
      .catch(() => [])) ?? []
  ).filter(hasFrames);
}

/**
 * Asks an application to make room for the agent, and waits for it. Undefined when the browser does not show
 * it: another device as far as it knows, which the person has to choose once.
 */
async function enterAgent(application: USBDevice): Promise<Line | undefined> {
  if (!(await askToDetach(application, systemClock))) throw new Fault('usb-no-frames');
  const endMs = systemClock.nowMs() + enterMs;
  for (;;) {
    await sleep(systemClock, lookMs);
    const [device] = await knownAgents();
    if (device !== undefined) return { way: 'usb', device };
    if (systemClock.nowMs() >= endMs) return undefined;
  }
}

/** Asks each running application that this page was allowed before; undefined without one that goes. */
export async function enterKnownAgent(): Promise<Line | undefined> {
  const known =
    (await usbOf()
      ?.getDevices()
      .catch(() => [])) ?? [];
  for (const device of known.filter(isApplication)) {
    const line = await enterAgent(device);
    if (line !== undefined) return line;
  }
  return undefined;
}

/** Devices that this page was allowed before and that are plugged in: agents on USB first, then ports. */
export async function knownLines(): Promise<Line[]> {
  // A browser may have the interface and refuse it here, by a policy or in a frame.
  const devices =
    (await usbOf()
      ?.getDevices()
      .catch(() => [])) ?? [];
  const ports =
    (await serialOf()
      ?.getPorts()
      .catch(() => [])) ?? [];
  return [
    ...devices.filter(hasFrames).map((device) => ({ way: 'usb', device }) as const),
    ...ports.map((port) => ({ way: 'serial', port }) as const),
  ];
}

/** Throws `update-boot-rom` for a chip in its ROM's bootloader, `usb-no-frames` for another device. */
function checkDevice(device: USBDevice): void {
  if (hasFrames(device)) return;
  throw new Fault(findDfuInterface(device) === undefined ? 'usb-no-frames' : 'update-boot-rom');
}

/**
 * Opens the browser's chooser, which needs a click just before. Undefined when the person closed it;
 * `restarted`: an application made room for the agent, which the person chooses next. Throws as checkDevice.
 */
export async function askForLine(way: Way): Promise<Line | 'restarted' | undefined> {
  try {
    if (way === 'serial') {
      const port = await serialOf()?.requestPort();
      return port && { way, port };
    }
    // Class and subclass of DFU: agents, and chips in their boot ROM, which the page tells apart itself.
    const device = await usbOf()?.requestDevice({ filters: [{ classCode: 0xfe, subclassCode: 1 }] });
    if (device === undefined) return undefined;
    if (isApplication(device)) return (await enterAgent(device)) ?? 'restarted';
    checkDevice(device);
    return { way, device };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

/** After a reset the browser has another object for the same device. */
async function deviceNow(first: USBDevice): Promise<USBDevice> {
  const endMs = systemClock.nowMs() + returnMs;
  const isIt = (one: USBDevice) => one === first || one.serialNumber === first.serialNumber;
  for (;;) {
    const here =
      (await usbOf()
        ?.getDevices()
        .catch(() => [])) ?? [];
    const found = here.filter(hasFrames).find(isIt);
    if (found !== undefined) return found;
    if (systemClock.nowMs() >= endMs) throw new Fault('usb-device-lost');
    await sleep(systemClock, lookMs);
  }
}

/** Opens the line as often as it is asked to; `socket` is only its name. */
export function openerOf(chosen: Line): SocketOpener {
  return {
    async open() {
      if (chosen.way === 'serial') {
        // An unplugged adapter and one in use fail to open alike; only the list tells them apart.
        const isHere = (await serialOf()?.getPorts())?.includes(chosen.port);
        if (isHere !== true)
          throw new Fault('serial-unplugged', { port: 'that was chosen', reason: 'it is not listed' });
        return openWebSerial(chosen.port, line);
      }
      const device = await deviceNow(chosen.device);
      try {
        return await openFrameStream({ device, clock: systemClock });
      } catch (cause) {
        await device.close().catch(() => undefined);
        throw cause instanceof Fault ? cause : new Fault('usb-device-lost', {}, { cause });
      }
    },
  };
}
