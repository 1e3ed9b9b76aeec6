// A person at the console, in Debian's Chromium: signs in, opens pages, and a test sees what the browser
// complained of and whom it asked.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where a run leaves pictures of what it saw; unset, it leaves none. */
const pictures = process.env['FIRMSEAL_CONSOLE_PICTURES'];

export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors, and violations of the page's own policy. */
  readonly complaints: string[];
  /** Hosts that the browser asked. */
  readonly hosts: Set<string>;
  /** Opens a page of the console, by its fragment. */
  visit(fragment: string): Promise<void>;
  /** Text of the page, once it holds `text`. */
  reads(text: string | RegExp): Promise<string>;
  /** What axe finds wrong in each set of colours, and a picture. */
  look(name: string): Promise<string[]>;
}

/** `rules`: all, when left out. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  return page.evaluate(async (values) => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const options = values === undefined ? {} : { runOnly: { type: 'rule', values } };
    const found = (await axe.run(options)).violations;
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, rules);
}

export async function openConsole(browser: Browser, url: string, token?: string): Promise<Person> {
  // Pictures are the same wherever they are taken.
  const context = await browser.newContext({
    ...{ locale: 'en-GB', timezoneId: 'UTC', viewport: { width: 1200, height: 800 }, colorScheme: 'light' },
    acceptDownloads: true,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).host);
  });
  const reads = async (text: string | RegExp): Promise<string> => {
    const main = page.locator('main');
    await main
      .getByText(text)
      .first()
      .waitFor()
      .catch(async (cause: unknown) => {
        throw new Error(`no ${text}: ${await main.innerText()}`, { cause });
      });
    return main.innerText();
  };
  const other = (theme: string) => page.getByRole('button', { name: `${theme} colours` });
  const person: Person = {
    ...{ context, page, complaints, hosts, reads },
    visit: async (fragment) => {
      await page.evaluate((hash) => {
        (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
      }, fragment);
    },
    look: async (name) => {
      const found: string[] = [];
      await page.evaluate(axeSource);
      for (const theme of ['Dark', 'Light'] as const) {
        // The other set of colours differs in nothing else.
        found.push(...(await violations(page, theme === 'Dark' ? undefined : ['color-contrast'])));
        if (pictures !== undefined) {
          const colours = theme === 'Dark' ? 'light' : 'dark';
          await page.screenshot({ path: `${pictures}/console-${name}-${colours}.png` });
        }
        // An open dialog keeps the button of the colours from being reached.
        if (await page.locator('dialog[open]').count()) return found;
        await other(theme).click();
      }
      return found;
    },
  };
  await page.goto(`${url}/console/`);
  if (token !== undefined) {
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }
  return person;
}
