// A SoftHSM2 of a test's own: tokens in a temporary folder, named by its settings file alone.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

export function makeSoftHsm(...tokens: readonly string[]): SoftHsm {
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
