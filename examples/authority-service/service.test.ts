// The commands of the units and of the container file are whole lines that the real parser takes, and systemd
// finds nothing wrong with the units.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { whyRefused } from '../../apps/cli/test/named-commands.ts';
import { hasTool } from '../../tools/toolchain.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const unitNames = ['firmseal-authority.service', 'firmseal-signer.service', 'firmseal-http.service'];

const verifier = 'systemd-analyze';

const linesOf = (name: string): string[] =>
  [...read(name).matchAll(/^ExecStart(?:Pre)?=\/usr\/local\/bin\/(firmseal .*)$/gm)].map(([, line]) =>
    line!.replaceAll(/\$\{\w+\}/g, '/run'),
  );
const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(read('Containerfile'))?.[1] ?? '[]';

describe('commands', () => {
  it.each([...unitNames.flatMap(linesOf), (JSON.parse(entryPoint) as string[]).join(' ')])(
    '%s',
    async (text) => {
      expect(text).toMatch(/authority (?:serve|signer)/);
      expect(await whyRefused({ text, whole: true })).toBeUndefined();
    },
  );

  it('are two of the unit for both processes, one of which only looks', () => {
    const lines = linesOf('firmseal-authority.service');
    expect(lines.map((line) => line.includes('--validate'))).toEqual([true, false]);
  });

  it('of two services: the signer gets the passphrase, and the HTTP process listens', () => {
    const [[signer], [http]] = [linesOf('firmseal-signer.service'), linesOf('firmseal-http.service')];
    expect(signer).toMatch(/^(?!.*--listen).*--passphrase-file/);
    expect(http).toMatch(/^(?!.*--passphrase-file).*--listen/);
    expect(read('firmseal-http.service')).not.toContain('LoadCredential');
    const socket = (line?: string) => /--(?:socket|signer) (\S+)/.exec(line ?? '')?.[1];
    expect(socket(signer)).toBe(socket(http));
  });
});

describe('systemd', () => {
  beforeEach(({ skip }) => {
    if (!hasTool(verifier)) skip('no systemd on this machine');
  });

  it.each(unitNames)('finds nothing wrong with %s but the program that is not installed', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'firmseal-unit-'));
    try {
      const path = join(folder, name);
      writeFileSync(path, read(name).replaceAll('/usr/local/bin/firmseal', '/bin/true'));
      const { stderr } = spawnSync(verifier, ['verify', '--man=no', path], { encoding: 'utf8' });
      const own = stderr.split('\n').filter((line) => line.includes(`${name}:`));
      expect(own).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
