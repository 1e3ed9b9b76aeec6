// Debian's Chromium, and what a person does and sees on a page with the element.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

export type { Page };

/** Where Debian's package puts it; quiet, and without anything that a test machine lacks. */
const launchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  ],
};

export const launchBrowser = (): Promise<Browser> => chromium.launch(launchOptions);

/** With a profile in that folder, as a person has one; for a machine that is very slow. */
export async function launchSlowly(folder: string, patienceMs: number): Promise<BrowserContext> {
  const { args, executablePath } = launchOptions;
  const context = await chromium.launchPersistentContext(folder, {
    ...{ executablePath, args: [...args, '--no-zygote'], timeout: patienceMs, locale: 'en-US' },
  });
  context.setDefaultTimeout(patienceMs);
  return context;
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
