// The register driver of the OTG cores compiles without a warning for the chips that it is written for. That
// is all that is known of it: nothing here executes it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { hasTool, runTool } from '../../../tools/toolchain.ts';
import { generatedFolder } from '../toolchain/generated.ts';

const agent = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-otg-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(hasTool('arm-none-eabi-gcc'))('the OTG driver', () => {
  it.each([
    ['stm32f427', 'cortex-m4', 'otg-v1'],
    ['stm32h743', 'cortex-m7', 'otg-v2'],
  ])('%s: compiles', (chipId, cpu, version) => {
    const flags = [
      '-std=c99',
      '-Os',
      '-ffreestanding',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-Wconversion',
      '-Wshadow',
    ];
    const folders = ['core', `port/${chipId}`, 'port/stm32', `port/stm32/${version}`];
    const includes = [...folders, generatedFolder(chipId)].map((path) => `-I${path}`);
    const output = join(folder, `${chipId}.o`);
    runTool(
      'arm-none-eabi-gcc',
      [`-mcpu=${cpu}`, '-mthumb', ...flags, ...includes, '-c', 'port/stm32/otg_fs.c', '-o', output],
      agent,
    );
  });
});
