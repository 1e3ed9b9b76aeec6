// The whole way in machine code: the agent as it ships boots on the virtual chip, makes its keys, is
// certified, takes a license, decrypts and writes a real application, proves it with a receipt, and hands
// over; the application greets on the same link. Both ways of handing over on F427: a jump, and the banks'
// addresses exchanged (SYSCFG_MEMRMP.FB_MODE). In a sample one of the installs computes its own
// cryptography; for the others the host does.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eraseUnitAt, findChip } from '@firmseal/chips';
import { readImage, type Segment } from '@firmseal/image';
import type { SealArea } from '@firmseal/seal';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { isWhole, sampled } from '../../../tools/test-report/sample.ts';
import { hasTool, runTool } from '../../../tools/toolchain.ts';
import { portedChips, targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { greetingApplication, greetingOf } from './greeting-application.ts';
import type { Line } from './line.ts';
import { machineLine, personalizeMachine } from './machine-line.ts';
import { makePackage } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-machine-'));
afterAll(() => rmSync(folder, { recursive: true }));

const greeting = /^firmseal example panel 1\.0\.0, build [0-9a-f]{8}\r\n/;

/** The example panel by its own build script. */
function buildPanels(): void {
  cpSync(fileURLToPath(new URL('../../../examples/stm32f427-panel/', import.meta.url)), folder, {
    recursive: true,
  });
  vi.stubEnv('NODE', process.execPath);
  try {
    runTool('sh', ['build.sh', folder], folder);
  } finally {
    vi.unstubAllEnvs();
  }
}

/**
 * Areas of a package: segments of one erase unit joined, moved to where they are stored, filled to 32 bytes.
 */
function areasOf(segments: readonly Segment[], moveBytes: number): SealArea[] {
  const chip = findChip('stm32f427');
  const byUnit = new Map<number, Segment[]>();
  for (const segment of segments) {
    const unit = eraseUnitAt(chip, segment.address + moveBytes)!.index;
    byUnit.set(unit, [...(byUnit.get(unit) ?? []), segment]);
  }
  return [...byUnit.values()].map((parts) => {
    const address = parts[0]!.address;
    const last = parts.at(-1)!;
    const lengthBytes = Math.ceil((last.address + last.bytes.length - address) / 32) * 32;
    const plaintext = new Uint8Array(lengthBytes).fill(0xff);
    for (const part of parts) plaintext.set(part.bytes, part.address - address);
    return { area: { kind: 'firmware', address: address + moveBytes, lengthBytes }, plaintext };
  });
}

/** Listens to what is no frame: after the hand-over the link is the application's. */
function listen(line: Line): () => string {
  let said = '';
  line.chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  return () => said;
}

function lineOf(chipId: string, computes: boolean): Line {
  const build = buildAgent(targetOf(chipId));
  const make = computes || isWhole ? machineLine : quickMachineLine;
  return make(chipId, 'machine code', build);
}

describe.skipIf(!canBuild)('the agent in machine code on stm32f427', () => {
  if (canBuild) buildPanels();

  test.each([
    { file: 'panel-above-agent.elf', slot: 'linked above the agent', moveBytes: 0, computes: false },
    {
      ...{ file: 'panel.elf', slot: 'linked at the start of flash, stored in bank 2' },
      ...{ moveBytes: 0x100000, computes: true },
    },
  ])('personalizes, installs and boots the panel $slot', async ({ file, moveBytes, computes }) => {
    const line = lineOf('stm32f427', computes);
    expect(line.info().get(3)).toBe(0);
    await personalizeMachine(line, 2);
    expect(line.chip.judge.readoutLevel).toBe(2);
    expect(line.hello()).toMatchObject({ lifeCycle: 'personalized', readoutLevel: 2, installCount: 0 });

    const areas = areasOf(readImage(readFileSync(join(folder, file))).segments, moveBytes);
    expect(areas.length).toBe(2); // program and assets
    const entry = areas[0]!.area.address;
    const core = { entry, leastReadoutLevel: 2 as const, chunkSizeBytes: 4096 as const };
    const sealed = await makePackage('stm32f427', { core, areas });
    const license = await line.licenseFor(sealed);
    const receipt = await line.install(sealed, license);
    expect(receipt).toMatchObject({ fresh: true, installCount: 1, result: 'installed', unprotected: false });
    for (const { area, plaintext } of areas)
      expect(line.chip.judge.flash(area.address, area.lengthBytes)).toEqual(plaintext);

    const said = listen(line);
    line.chip.reset();
    expect(said()).toMatch(greeting);
    expect(said()).toContain('self-test passed');
    line.chip.receive(Uint8Array.of(0x76)); // v: the application answers, the agent is gone
    expect(said().match(/firmseal example panel/g)).toHaveLength(2);
    const entryTable = moveBytes === 0 ? 0x0804_0000 : 0x0800_0000;
    expect(line.chip.machine.processor.core.VTOR).toBe(entryTable);
  });
});

describe.skipIf(!canBuild).each(
  sampled(
    portedChips().filter((id) => id !== 'stm32f427'),
    ['stm32h743', 'stm32g0b1', 'stm32l476'],
  ),
)('the agent in machine code on %s', (id) => {
  test('personalizes, installs with a receipt that verifies, and hands over', async () => {
    const line = lineOf(id, false);
    await personalizeMachine(line, 2);
    expect(line.chip.judge.readoutLevel).toBe(2);
    const chip = findChip(id);
    const slot = chip.layout.slots[0]!;
    const program = greetingApplication(chip.id, slot.linkStart, folder);
    const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: program.length } as const;
    const core = { entry: slot.storeStart, chips: [id], leastReadoutLevel: 2 as const };
    const sealed = await makePackage('stm32f427', { core, areas: [{ area, plaintext: program }] });
    const receipt = await line.install(sealed);
    expect(receipt).toMatchObject({ fresh: true, installCount: 1, result: 'installed' });
    const said = listen(line);
    line.chip.reset();
    expect(said()).toBe(greetingOf(id));
    expect(line.chip.machine.processor.core.VTOR).toBe(slot.linkStart);
  });
});
