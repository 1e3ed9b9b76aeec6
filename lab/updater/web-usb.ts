// An update page in Chromium with its own WebUSB, no stand-in: the virtual chip's agent is a USB device of
// the USB test machine, whose Linux kernel finds it, and Chromium runs in that machine
// (lab/usb-vm/in-guest/page-suite.ts). The receipt that the page saves is verified outside, by the command.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ChipUsbPort, type UsbDevice, type VirtualChip } from '@firmseal/virtual-stm32';
import { runHere } from '../../apps/cli/test/run-here.ts';
import { startAgent } from '../../apps/updater/test/carried-devices.ts';
import { Site } from '../../apps/updater/test/site.ts';
import { prepareGuest } from '../usb-vm/guest.ts';
import type { PageReport } from '../usb-vm/in-guest/page-suite.ts';
import { runInGuest } from '../usb-vm/run-in-guest.ts';
import { largePackage } from './large-package.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const chipId = 'stm32f427';
const firmwareVersion = '1.2.0';
const firmwareBytes = 16 * 1024;
/** The browser's processes, and what they write: the layer over this machine's files is memory. */
const memoryMiB = 2048;
const timeoutMs = 580_000;

/**
 * The agent on the bus. QEMU does not tell the guest that a device left, and Linux would wait for an answer
 * without end: once the application has started, this one stalls every request.
 */
function agentDevice(port: ChipUsbPort): UsbDevice {
  const { device } = port;
  if (device === undefined) throw new Error('the agent is not on the bus');
  return {
    ...device,
    control: (...request) => device.control(...request).catch(() => undefined),
    detached: new AbortController().signal,
  };
}

/** Runs the page in the guest. Throws with what the guest printed when it gave no report. */
async function openInGuest(chip: VirtualChip, folder: string): Promise<PageReport> {
  startAgent(chip);
  const port = new ChipUsbPort(chip);
  try {
    const program = `'${process.execPath}' lab/usb-vm/in-guest/page-suite.ts '${folder}'`;
    const { output } = await runInGuest({
      ...{ guest: prepareGuest(), timeoutMs, memoryMiB, hostFiles: true },
      devices: [{ busId: '1-1', device: agentDevice(port) }],
      script: [
        'sh host-root.sh',
        'mkdir -p /r/dev/shm && mount -t tmpfs tmpfs /r/dev/shm && mount -t tmpfs tmpfs /r/run',
        `chroot /r /bin/sh -c "cd '${root}' && ${program}"`,
      ].join('\n'),
    });
    const json = /^@@(.*)$/m.exec(output)?.[1];
    if (json === undefined) throw new Error(`the page came to no end:\n${output}`);
    return JSON.parse(json) as PageReport;
  } finally {
    port.close();
  }
}

/** What is not as it must be; nothing where the update went from the link to a verified receipt. */
async function faultsOf(report: PageReport, site: Site, chip: VirtualChip): Promise<string[]> {
  const { devices, isNative, text, complaints, hosts, receipt } = report;
  const faults = complaints.map((one) => `the page complains: ${one}`);
  if (!isNative) faults.push('navigator.usb is not the own one of the browser');
  if (devices.length !== 1 || !devices[0]!.startsWith('1209:0001'))
    faults.push(`the browser has ${devices.length} devices for the page: ${devices.join(', ')}`);
  if (hosts.length !== 1) faults.push(`the page asked ${hosts.join(', ')}`);
  if (!text.includes(`The device now has version ${firmwareVersion}.`))
    faults.push('the page does not say that the device has the version');
  if (chip.bootedApplication === undefined) faults.push('the chip does not run its application');
  if (receipt === undefined) return [...faults, 'the page gives no receipt'];
  writeFileSync(site.at('page.receipt'), Buffer.from(receipt, 'base64'));
  const rootKey = site.at('root.key.pub');
  const { status, stdout, stderr } = await runHere([
    ...['verify', 'receipt', site.at('page.receipt'), '--root-key', rootKey],
  ]);
  console.log(stdout.trim());
  if (status !== 0 || !stdout.includes(firmwareVersion)) faults.push(`the receipt is refused: ${stderr}`);
  return faults;
}

/** Prints what was shown and how long it took; false when anything was not as it must be. */
export async function updateByWebUsb(): Promise<boolean> {
  const site = new Site();
  const startMs = performance.now();
  try {
    await site.begin();
    const device = await site.device(chipId);
    const order = { chipId, firmwareVersion, securityCounter: 5, firmwareBytes } as const;
    const sealed = await largePackage(site, order);
    const folder = await site.build('web-usb', { sealed, devices: [device] });
    const report = await openInGuest(device.chip, folder);
    console.log(`WebUSB of Chromium on a Linux kernel: ${report.devices.join(', ')}\n${report.text}`);
    const faults = await faultsOf(report, site, device.chip);
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(0)} s`;
    const whole = seconds(performance.now() - startMs);
    console.log(`update ${seconds(report.updateMs)} in the emulated machine, all of it ${whole}`);
    for (const fault of faults) console.error(fault);
    return faults.length === 0;
  } catch (error) {
    console.error((error as Error).message);
    return false;
  } finally {
    site.end();
  }
}
