// A SoftHSM2 of a test's own: tokens in a temporary folder, named by its settings file alone.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian has it. */
export const softHsmModule = '/usr/lib/softhsm/libsofthsm2.so';

export interface SoftHsm {
  readonly folder: string;
  /** Of processes that use it; SoftHSM reads it when the module is loaded. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pin: string;
  uri(token: string, object: string): string;
  remove(): void;
}

/**
 * Ends the module in this process, where an earlier suite may have begun it: it reads its settings only when
 * it begins.
 */
function endModule(): void {
  const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as {
    PKCS11: new () => { load(path: string): void; C_Finalize(): void };
  };
  const module = new PKCS11();
  module.load(softHsmModule);
  try {
    module.C_Finalize();
  } catch {
    // It had not begun.
  }
}

export function makeSoftHsm(...tokens: readonly string[]): SoftHsm {
  endModule();
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-softhsm-'));
  const pin = '31415926';
  mkdirSync(join(folder, 'tokens'));
  const settings = join(folder, 'softhsm2.conf');
  writeFileSync(settings, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`);
  const environment = { SOFTHSM2_CONF: settings };
  for (const label of tokens) {
    const words = ['--init-token', '--free', '--label', label, '--so-pin', '27182818', '--pin', pin];
    execFileSync('softhsm2-util', words, { env: { ...process.env, ...environment }, stdio: 'ignore' });
  }
  return {
    ...{ folder, environment, pin },
    uri: (token, object) => `pkcs11:token=${token};object=${object}?module-path=${softHsmModule}`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
