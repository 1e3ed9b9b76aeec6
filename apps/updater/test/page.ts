// A page of an owner in Debian's Chromium, with virtual devices plugged in.

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { carryDevices, type Plugged } from './carried-devices.ts';

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
