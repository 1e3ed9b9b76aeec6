// <firmseal-update> in Debian's Chromium, on pages that `firmseal updater build` made: from the link to a
// receipt that `firmseal verify receipt` takes, and every way that it can go wrong, each with what
// a person is told. The devices are virtual chips with the agent; navigator.usb and
// navigator.serial are carried to them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import type { LineChip } from '@firmseal/virtual-line';
import { createVirtualChip } from '@firmseal/virtual-stm32';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallAreas, type TestPackage } from '../../../device/agent/test/trusted-site.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { runHere } from '../../cli/test/run-here.ts';
import { button, launchBrowser, shown } from './browser.ts';
import { type Plugged, startAgent } from './carried-devices.ts';
import { type Visit, type VisitOptions, visit } from './page.ts';
import { type PageOrder, Site } from './site.ts';
import { startSiteAuthority } from './site-authority.ts';
import { serveFolder } from './static-host.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where a run leaves pictures of what it saw; unset, it leaves none. */
const pictures = process.env['FIRMSEAL_UPDATER_PICTURES'];

const site = new Site();
let browser: Browser;
let f427: LineChip;
let h743: LineChip;
let first: TestPackage;
const ends: (() => void | Promise<void>)[] = [];
beforeAll(async () => {
  await site.begin();
  browser = await launchBrowser();
  f427 = await site.device('stm32f427');
  h743 = await site.device('stm32h743');
  first = await site.package('stm32f427', '1.2.0');
});
afterAll(async () => {
  for (const end of ends) await end();
  await browser?.close();
  site.end();
});

/** In the hands of a person: the button of the update is held while it is plugged in. */
function plug({ chip }: Pick<LineChip, 'chip'>, way: 'usb' | 'serial', known = true): Plugged {
  startAgent(chip);
  return { way, chip, known };
}

let pages = 0;

/** Builds a page, serves it, opens it. */
async function open(
  order: PageOrder,
  plugged: Plugged[],
  { offline = false, ...options }: VisitOptions & { offline?: boolean } = {},
): Promise<Visit> {
  const folder = await site.build(`page-${pages++}`, order);
  let url = pathToFileURL(`${folder}/offline.html`).href;
  if (!offline) {
    const host = await serveFolder(folder);
    ends.push(host.close);
    url = host.url;
  }
  const visited = await visit(browser, url, plugged, options);
  ends.push(visited.close);
  return visited;
}

/** What axe finds wrong with what is shown now, and a picture of it. */
async function look(page: Page, name: string): Promise<unknown[]> {
  if (pictures !== undefined) await page.locator('main').screenshot({ path: `${pictures}/${name}.png` });
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

async function receiptOf(page: Page, name: string): Promise<{ status: number; stdout: string }> {
  const saving = page.waitForEvent('download');
  await page.locator('firmseal-update [part~="receipt"]').click();
  await (await saving).saveAs(site.at(name));
  return runHere(['verify', 'receipt', site.at(name), '--root-key', site.at('root.key.pub')]);
}

describe('from the link to the receipt', () => {
  it('H743 by USB, from a static host', async () => {
    const sealed = await site.package('stm32h743', '1.2.0');
    const settings = { title: 'Thermostat <b>T3</b>', contact: 'help@thermostat.example' };
    const { page, complaints, requests } = await open({ sealed, devices: [h743, f427], settings }, [
      plug(h743, 'usb'),
    ]);
    await button(page, 'start').waitFor();
    expect(await look(page, 'ready')).toEqual([]);
    await button(page, 'start').click();
    const text = await shown(page, 'receipt', 'fault');
    expect(text).toContain('The device now has version 1.2.0.');
    expect(text).toContain('Thermostat <b>T3</b>');
    expect(text).toMatch(/Version before\s+none/);
    expect(await look(page, 'done')).toEqual([]);
    expect(await receiptOf(page, 'h743.receipt')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('thermostat 1.2.0'),
    });
    expect(complaints).toEqual([]);
    // Page, element, description, package, one license: no other host, and no other license.
    expect(new Set(requests.map((one) => new URL(one).host)).size).toBe(1);
    expect(requests.filter((one) => one.endsWith('.license'))).toHaveLength(1);
    expect(h743.chip.bootedApplication).toBeDefined();
  });

  it('F427 by a serial port that the person chooses, from the offline file, in German', async () => {
    const order = { sealed: first, devices: [f427] };
    const plugged = [plug(f427, 'serial', false)];
    const visited = await open(order, plugged, { offline: true, language: 'de-DE', width: 360, dark: true });
    const { page, complaints, requests } = visited;
    await button(page, 'start').waitFor();
    // By the keyboard alone: after each step the focus is where the next one begins.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await button(page, 'serial').waitFor();
    expect(await look(page, 'choose-german')).toEqual([]);
    for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
    const text = await shown(page, 'receipt', 'fault');
    expect(text).toContain('Das Gerät hat jetzt Version 1.2.0.');
    expect(await look(page, 'done-german')).toEqual([]);
    expect((await receiptOf(page, 'f427.receipt')).status).toBe(0);
    expect([complaints, requests.length]).toEqual([[], 1]);
  });

  it('names the version before, and does nothing to a device that has the update already', async () => {
    const sealed = await site.package('stm32f427', '1.3.0', { core: { securityCounter: 6 } });
    const plugged = [plug(f427, 'serial')];
    const { page } = await open({ sealed, devices: [f427], earlier: [first] }, plugged);
    await button(page, 'start').click();
    expect(await shown(page, 'receipt', 'fault')).toMatch(
      /Version before\s+1\.2\.0\s+Version after\s+1\.3\.0/,
    );
    plug(f427, 'serial');
    await button(page, 'again').click();
    await button(page, 'start').click();
    expect(await shown(page, 'receipt', 'fault')).toContain('The device already had version 1.3.0.');
    // The page of version 1.2.0 would take it back.
    plug(f427, 'serial');
    const older = await open({ sealed: first, devices: [f427] }, plugged);
    await button(older.page, 'start').click();
    expect(await shown(older.page, 'fault', 'receipt')).toContain('does not go back');
  });
});

describe('a running application with a DFU run-time interface', () => {
  it('makes room for the agent: the person chooses twice, and afterwards never', async () => {
    const sealed = await site.package('stm32h743', '1.3.0', { core: { securityCounter: 6 } });
    const held: Plugged = { ...plug(h743, 'usb', false), isApplication: true };
    const { page, complaints } = await open({ sealed, devices: [h743] }, [held]);
    await button(page, 'start').click();
    await button(page, 'usb').click();
    await page.getByText('Choose it once more').waitFor();
    expect([held.isApplication, held.known]).toEqual([false, false]);
    await button(page, 'usb').click();
    expect(await shown(page, 'receipt', 'fault')).toContain('The device now has version 1.3.0.');
    // Both are known now.
    held.isApplication = true;
    await button(page, 'again').click();
    await button(page, 'start').click();
    expect(await shown(page, 'receipt', 'fault')).toContain('The device already had version 1.3.0.');
    expect([held.isApplication, complaints]).toEqual([false, []]);
  });
});

describe('what goes wrong ends in plain words', () => {
  /** Opens, starts, and gives what the alert says. */
  async function fault(
    order: PageOrder,
    plugged: Plugged[],
    options = {},
  ): Promise<Visit & { text: string }> {
    const visited = await open(order, plugged, options);
    await button(visited.page, 'start').click();
    return { ...visited, text: await shown(visited.page, 'fault', 'receipt') };
  }

  it('a device of another product', async () => {
    const other = await site.device('stm32f427', 'heater');
    const { text } = await fault({ sealed: first, devices: [f427] }, [plug(other, 'serial')]);
    expect(text).toContain('This update is for another product than the connected device.');
    expect(text).toContain('Nothing was changed in the device.');
  });

  it('a device of another chip', async () => {
    const { text } = await fault({ sealed: first, devices: [f427] }, [plug(h743, 'serial')]);
    expect(text).toContain('This update is for another variant of the device.');
  });

  it('a device without a license is told its number', async () => {
    const stranger = await site.device('stm32f427');
    const { page, text } = await fault({ sealed: first, devices: [f427] }, [plug(stranger, 'serial')]);
    expect(text).toContain('There is no license for this device.');
    expect(text).toContain(Buffer.from(stranger.device.thumbprint).toString('hex'));
    expect(await look(page, 'no-license')).toEqual([]);
  });

  it('a license that was used up by attempts', async () => {
    const device = await site.device('stm32f427');
    const earlier = await open({ sealed: first, devices: [device] }, [plug(device, 'serial')]);
    await button(earlier.page, 'start').click();
    await shown(earlier.page, 'receipt');
    const sealed = await site.package('stm32f427', '1.3.0', { core: { securityCounter: 6 } });
    const order = { sealed, devices: [device], ceiling: 1 };
    const { text } = await fault(order, [plug(device, 'serial')]);
    expect(text).toContain('used up');
  });

  it('a chip in its boot ROM', async () => {
    const rom = { way: 'usb', chip: startInBootloader('stm32f427'), known: false } as const;
    const { page } = await open({ sealed: first, devices: [f427] }, [rom]);
    await button(page, 'start').click();
    await button(page, 'usb').click();
    expect(await shown(page, 'fault')).toContain('Release BOOT0');
  });

  it('a chip on which nothing was ever written', async () => {
    const blank = createVirtualChip({ chip: 'stm32f427', seed: 'blank' });
    const held: Plugged = { way: 'serial', chip: blank, known: false };
    const { page } = await open({ sealed: first, devices: [f427] }, [held]);
    await button(page, 'start').click();
    await button(page, 'serial').click();
    const text = await shown(page, 'fault', 'receipt');
    expect(text).toContain('The device does not answer.');
    expect(text).toContain('Hold the update button');
  });

  it('a browser that reaches no devices', async () => {
    const { page, context } = await open({ sealed: first, devices: [f427] }, []);
    await context.addInitScript(() => {
      for (const name of ['usb', 'serial']) delete Object.getPrototypeOf(navigator)[name];
    });
    await page.reload();
    const text = await shown(page, 'fault');
    expect(text).toContain('Open this page in Chrome, Edge');
    expect(await look(page, 'unfit')).toEqual([]);
  });

  it('a page whose package was not uploaded', async () => {
    const order = { sealed: first, devices: [f427] };
    const { page, context } = await open(order, [plug(f427, 'serial')]);
    await button(page, 'start').waitFor();
    await context.route('**/*.seal', (route) => route.fulfill({ status: 404 }));
    await page.reload();
    expect(await shown(page, 'fault')).toContain('The update could not be fetched.');
    await context.unroute('**/*.seal');
    await button(page, 'retry').click();
    expect(await shown(page, 'start')).toContain('Version 1.2.0');
  });
});

describe('an update that was interrupted', () => {
  const sealedFor = (version: string, securityCounter: number) =>
    site.package('stm32f427', version, { core: { securityCounter } });

  it('by a pulled cable goes on when it is plugged in again', async () => {
    const sealed = await sealedFor('1.4.0', 7);
    const cut = plug(f427, 'serial');
    const plugged: Plugged[] = [cut];
    // Hello, package, license, and two records pass.
    cut.watcher = {
      pass: (message) => {
        if (message < 8) return true;
        plugged.splice(0);
        return false;
      },
    };
    const { page } = await open({ sealed, devices: [f427] }, plugged);
    await button(page, 'start').click();
    const text = await shown(page, 'fault', 'receipt');
    expect(text).toContain('The connection to the device was lost.');
    expect(text).toContain('Continue the update');
    expect(await look(page, 'cable')).toEqual([]);
    plugged.push(plug(f427, 'serial'));
    await button(page, 'retry').click();
    expect(await shown(page, 'receipt', 'fault')).toMatch(/Version before\s+an unfinished update/);
  });

  /** Updates a device again and again, and pulls the cable at another place each time. */
  async function pullAt(
    way: 'usb' | 'serial',
    chipId: 'stm32f427' | 'stm32h743',
    states: (all: number) => number[],
  ): Promise<void> {
    const device = await site.device(chipId);
    let counter = 0;
    const update = async (cutAt: number): Promise<number> => {
      const version = `9.${counter++}.0`;
      const sealed = await site.package(chipId, version, { core: { securityCounter: counter } });
      const plugged: Plugged[] = [plug(device, way)];
      let reached = 0;
      const pass = (at: number) => {
        reached = at + 1;
        if (at !== cutAt) return true;
        plugged.splice(0);
        return false;
      };
      Object.assign(plugged[0]!, way === 'usb' ? { passTransfer: pass } : { watcher: { pass } });
      const visited = await open({ sealed, devices: [device], ceiling: 2 * counter }, plugged);
      await button(visited.page, 'start').click();
      const where = `${way} ${chipId}, cable pulled before message ${cutAt} of the page`;
      let text = await shown(visited.page, 'fault', 'receipt', 'usb', 'serial');
      // The last transfers only start the application: the receipt is there already.
      if (cutAt < Number.POSITIVE_INFINITY && !text.includes('signed a receipt')) {
        expect(text, where).toMatch(/connection to the device was lost|How is the device connected/);
        plugged.push(plug(device, way));
        // A page that has no answer from the device that it knows asks for one.
        for (let presses = 0; presses < 2 && !text.includes('receipt'); presses++) {
          await visited.page.locator(`firmseal-update button:is([part~="retry"], [part~="${way}"])`).click();
          text = await shown(visited.page, 'receipt', 'fault', way);
        }
      }
      expect(text, where).toMatch(new RegExp(`The device (now has|already had) version ${version}`));
      expect((await receiptOf(visited.page, `pulled-${way}-${counter}.receipt`)).status, where).toBe(0);
      await visited.close();
      return reached;
    };
    const all = await update(Number.POSITIVE_INFINITY);
    for (const state of states(all)) expect(await update(state)).toBeGreaterThan(state);
  }

  it('by a cable that is pulled in any state ends with the update and a receipt', async () => {
    const every = (all: number, step = 1) =>
      Array.from({ length: Math.ceil(all / step) }, (_, i) => i * step);
    await pullAt('serial', 'stm32f427', (all) => sampled(every(all), [0, 2, all - 1]));
    await pullAt('usb', 'stm32h743', (all) => sampled(every(all, 4), [1, all >> 1, all - 1]));
  }, 3_600_000);

  it('by a closed tab goes on when the page is opened again', async () => {
    const sealed = await sealedFor('1.5.0', 8);
    const held = plug(f427, 'serial');
    const plugged: Plugged[] = [held];
    const reached = new Promise<void>((resolve) => {
      held.watcher = {
        hold: (message) => {
          if (message < 8) return undefined;
          resolve();
          return new Promise(() => undefined);
        },
      };
    });
    const visited = await open({ sealed, devices: [f427] }, plugged);
    await button(visited.page, 'start').click();
    await reached;
    expect(await look(visited.page, 'running')).toEqual([]);
    const live = visited.page.locator('firmseal-update [aria-live="polite"]');
    expect(await live.innerText()).toBe('The update is being written.');
    const bar = visited.page.getByRole('progressbar', { name: 'Progress of the update' });
    expect(Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0);
    delete held.watcher;
    const { page } = await visited.reopen();
    expect(await shown(page, 'start')).toContain('An update on this computer was interrupted.');
    await button(page, 'start').click();
    expect(await shown(page, 'receipt', 'fault')).toContain('The device now has version 1.5.0.');
  });
});

describe('licenses from an authority', () => {
  it('a rollout from its first day to its last, from a host and from the offline file', async () => {
    const authority = await startSiteAuthority();
    const [device, second] = [await site.device('stm32f427'), await site.device('stm32f427')];
    // Data for each device would come with the job.
    const areas = smallAreas('stm32f427').slice(0, 3);
    const sealed = await site.package('stm32f427', '2.0.0', { areas, core: { securityCounter: 9 } });
    const offered = await authority.openJob(sealed, 1);
    const order = { sealed, authority: offered };
    const plugged: Plugged[] = [plug(device, 'serial')];
    const press = async (page: Page, part: string) => {
      await button(page, part).click();
      return shown(page, 'fault', 'receipt');
    };

    // A page whose origin the job does not name gets no answer that it may read.
    const hosted = await open(order, plugged);
    await button(hosted.page, 'start').waitFor();
    expect(await look(hosted.page, 'authority-ready')).toEqual([]);
    const host = new URL(offered.url).host;
    expect(await shown(hosted.page, 'hint')).toContain(`The page asks ${host} for the license`);
    expect(await press(hosted.page, 'start')).toContain('does not answer');
    expect(hosted.complaints.join()).toContain('CORS');

    // Named, it is told that the share is not open to this device yet.
    await authority.roll(offered.job, { origins: [new URL(hosted.page.url()).origin, 'null'] });
    plugged.splice(0, 1, plug(device, 'serial'));
    expect(await press(hosted.page, 'retry')).toContain('it is not the turn of this device yet');

    // The cable is pulled in the middle; the same license goes on, under a new session.
    await authority.roll(offered.job, { percent: 100 });
    const cut = plug(device, 'serial');
    cut.watcher = {
      pass: (message) => {
        if (message < 8) return true;
        plugged.splice(0);
        return false;
      },
    };
    plugged.splice(0, 1, cut);
    expect(await press(hosted.page, 'retry')).toContain('The connection to the device was lost.');
    plugged.push(plug(device, 'serial'));
    expect(await press(hosted.page, 'retry')).toMatch(/Version before\s+an unfinished update/);
    expect((await receiptOf(hosted.page, 'authority.receipt')).status).toBe(0);
    expect(await authority.count(offered.job)).toEqual({ units: 1, outcomes: { PASS: 1 } });
    expect(new Set(hosted.requests.map((one) => new URL(one).host)).size).toBe(2);

    // The offline file asks from the origin `null`; the only unit is taken.
    plugged.splice(0, 1, plug(second, 'serial'));
    const file = await open(order, plugged, { offline: true, language: 'de-DE' });
    expect(await press(file.page, 'start')).toContain('Alle Lizenzen dieses Updates sind vergeben.');
    expect(await look(file.page, 'authority-quota')).toEqual([]);
    await authority.roll(offered.job, { halted: true });
    plugged.splice(0, 1, plug(second, 'serial'));
    expect(await press(file.page, 'retry')).toContain('Der Hersteller hat dieses Update angehalten.');
    await authority.stopDevice(second.device.thumbprint);
    plugged.splice(0, 1, plug(second, 'serial'));
    expect(await press(file.page, 'retry')).toContain('Der Hersteller gibt diesem Gerät keine Lizenz.');
    await authority.end();
    plugged.splice(0, 1, plug(second, 'serial'));
    expect(await press(file.page, 'retry')).toContain('antwortet nicht');
    expect([...hosted.complaints, ...file.complaints].join()).not.toContain('Content Security Policy');
  });
});
