// Debian's Chromium with a page of an owner in it, and what a person would do there.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { carryDevices, type Plugged } from './carried-devices.ts';

/** Quiet, and without anything that a test machine lacks. */
const launchArguments = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args: launchArguments });

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained of: errors, and violations of its own policy. */
  readonly complaints: string[];
  /** Addresses that the page asked for. */
  readonly requests: string[];
  /** The tab is closed and opened again, in the same browser. */
  reopen(): Promise<Visit>;
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly language?: string;
  readonly width?: number;
  readonly dark?: boolean;
}

async function openTab(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  return {
    ...{ context, page, complaints, requests },
    reopen: async () => {
      await page.close();
      return openTab(context, url);
    },
    close: () => context.close(),
  };
}

export async function visit(
  browser: Browser,
  url: string,
  plugged: Plugged[],
  { language = 'en-US', width = 720, dark = false }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    ...{ locale: language, viewport: { width, height: 800 }, colorScheme: dark ? 'dark' : 'light' },
  });
  context.setDefaultTimeout(120_000);
  await carryDevices(context, plugged);
  return openTab(context, url);
}

/** The button of that part. */
export const button = (page: Page, part: string) => page.locator(`firmseal-update button[part~="${part}"]`);

/** What the element shows once one of the parts is there. */
export async function shown(page: Page, ...parts: readonly string[]): Promise<string> {
  const panel = page.locator('firmseal-update [part~="panel"]');
  const any = parts.map((part) => `firmseal-update [part~="${part}"]`).join(', ');
  try {
    await page.locator(any).first().waitFor();
  } catch (cause) {
    throw new Error(`no ${parts.join(' or ')}: ${await panel.innerText()}`, { cause });
  }
  return panel.innerText();
}
