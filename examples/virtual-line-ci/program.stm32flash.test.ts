// The example's script, run as it is printed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';

const usable = hasTool('stm32flash', 'in-ci', ['-h']) && hasTool('python3');
const script = fileURLToPath(new URL('program.sh', import.meta.url));
const cli = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-line-ci-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(image: string, environment: Record<string, string> = {}) {
  return spawnSync('sh', [script, image], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, FIRMSEAL: `${process.execPath} ${cli}`, ...environment },
  });
}

describe.runIf(usable)('the script', () => {
  test.each(['stm32f427', 'stm32l476'])('programs a %s and starts it', (chip) => {
    const image = join(folder, 'image.bin');
    writeFileSync(
      image,
      Uint8Array.from({ length: 3000 }, (_, i) => (i * 5) >>> 2),
    );
    const { status, stdout, stderr } = program(image, { CHIP: chip });
    expect([status, stdout, stderr]).toEqual([0, expect.stringContaining('programmed and verified'), stderr]);
    expect(stdout).toMatch(/"event":"state".*"boot0High":false.*"operations":[1-9]/);
  });

  test('fails when the image is not there', () => {
    expect(program(join(folder, 'absent.bin')).status).not.toBe(0);
  });

  test('fails when the catalogue has no such chip', () => {
    const { status, stderr } = program(join(folder, 'image.bin'), { CHIP: 'stm32x000' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('chip-unknown');
  });
});
