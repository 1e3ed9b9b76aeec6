// The commands of the unit and of the container file are whole lines that the real parser takes, and systemd
// finds nothing wrong with the unit.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { whyRefused } from '../../apps/cli/test/named-commands.ts';
import { hasTool } from '../../tools/toolchain.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const unit = read('firmseal-authority.service');

const verifier = 'systemd-analyze';

const unitLines = [...unit.matchAll(/^ExecStart(?:Pre)?=\/usr\/local\/bin\/(firmseal .*)$/gm)].map(
  ([, line]) => line!.replaceAll(/\$\{\w+\}/g, '/run'),
);
const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(read('Containerfile'))?.[1] ?? '[]';

describe('commands', () => {
  it.each([...unitLines, (JSON.parse(entryPoint) as string[]).join(' ')])('%s', async (text) => {
    expect(text).toContain('authority serve');
    expect(await whyRefused({ text, whole: true })).toBeUndefined();
  });

  it('are two of the unit, one of which only looks', () => {
    expect(unitLines.map((line) => line.includes('--validate'))).toEqual([true, false]);
  });
});

describe('systemd', () => {
  beforeEach(({ skip }) => {
    if (!hasTool(verifier)) skip('no systemd on this machine');
  });

  it('finds nothing wrong with the unit but the program that is not installed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'firmseal-unit-'));
    try {
      const path = join(folder, 'firmseal-authority.service');
      writeFileSync(path, unit.replaceAll('/usr/local/bin/firmseal', '/bin/true'));
      const { stderr } = spawnSync(verifier, ['verify', '--man=no', path], { encoding: 'utf8' });
      const own = stderr.split('\n').filter((line) => line.includes('firmseal-authority.service'));
      expect(own).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
