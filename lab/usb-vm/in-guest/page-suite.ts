// Runs in the guest: Debian's Chromium opens an update page of a static host and updates the device by its
// own WebUSB, which a policy of the machine lets the page use without a chooser. Argument: the folder that
// `firmseal updater build` wrote on the host. Prints what the test outside reads as one line, PageReport.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { button, launchSlowly, type Page, shown } from '../../../apps/updater/test/browser.ts';
import { serveFolder } from '../../../apps/updater/test/static-host.ts';

export interface PageReport {
  /** Of navigator.usb.getDevices, and whether that is the browser's own code. */
  readonly devices: readonly string[];
  readonly isNative: boolean;
  /** What the element shows at the end. */
  readonly text: string;
  readonly complaints: readonly string[];
  readonly hosts: readonly string[];
  /** From the click to what is shown at the end, with the timers of slowTimers. */
  readonly updateMs: number;
  /** The file that the page saved, base64; undefined where it offers none. */
  readonly receipt: string | undefined;
}

const [folder] = process.argv.slice(2);
const policies = '/etc/chromium/policies/managed';
const patienceMs = 400_000;
/** The agent's USB identity. */
const agentId = { vendor_id: 0x1209, product_id: 0x0001 };

const say = (text: string): boolean => process.stdout.write(`${process.uptime().toFixed(0)} s: ${text}\n`);

/** As slow-timers.ts, for a page: its patience is for a browser at its full speed. */
function slowTimers(): void {
  const factor = 5;
  const inTime = globalThis.setTimeout;
  const slow = (action: () => void, delayMs = 0) => inTime(action, factor * delayMs);
  globalThis.setTimeout = slow as typeof inTime;
}

function seenDevices(page: Page): Promise<{ devices: string[]; isNative: boolean }> {
  return page.evaluate(async () => {
    type Seen = { vendorId: number; productId: number; productName?: string };
    const { usb } = navigator as unknown as { usb: { getDevices(): Promise<Seen[]> } };
    const hex = (id: number) => id.toString(16).padStart(4, '0');
    const devices = await usb.getDevices();
    return {
      devices: devices.map((one) => `${hex(one.vendorId)}:${hex(one.productId)} ${one.productName ?? ''}`),
      isNative: Function.prototype.toString.call(usb.getDevices).includes('[native code]'),
    };
  });
}

async function savedReceipt(page: Page): Promise<string | undefined> {
  const link = page.locator('firmseal-update [part~="receipt"]');
  if ((await link.count()) === 0) return undefined;
  const saving = page.waitForEvent('download');
  await link.click();
  const path = '/run/page.receipt';
  await (await saving).saveAs(path);
  return readFileSync(path).toString('base64');
}

const host = await serveFolder(folder!);
mkdirSync(policies, { recursive: true });
const allowed = [{ devices: [agentId], urls: [new URL(host.url).origin] }];
writeFileSync(`${policies}/updater.json`, JSON.stringify({ WebUsbAllowDevicesForUrls: allowed }));
say('starts Chromium');
const context = await launchSlowly('/run/profile', patienceMs);
await context.addInitScript(slowTimers);
const page = await context.newPage();
const complaints: string[] = [];
const hosts = new Set<string>();
page.on('console', (message) => {
  if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(error.message));
page.on('request', (request) => hosts.add(new URL(request.url()).host));
say('opens the page');
await page.goto(host.url);
await button(page, 'start').waitFor();
const seen = await seenDevices(page);
say(`starts the update, and the page may open ${JSON.stringify(seen)}`);
const startMs = performance.now();
await button(page, 'start').click();
// Without a known device the element offers ways to choose one, and nobody is there to choose.
const text = await shown(page, 'receipt', 'fault', 'usb');
const updateMs = performance.now() - startMs;
say(`shows ${JSON.stringify(text)}`);
const report: PageReport = {
  ...seen,
  ...{ text, complaints, hosts: [...hosts], updateMs, receipt: await savedReceipt(page) },
};
process.stdout.write(`@@${JSON.stringify(report)}\n`);
// The machine ends with the script, and the browser with it.
process.exit(0);
