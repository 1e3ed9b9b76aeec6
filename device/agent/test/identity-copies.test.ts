// The identity stands twice, and a third time where the keys were made before the anchor was write-protected
// (spec/device.md section 1), on the agent's WebAssembly build: what an application erases or a power cut
// tears is made again at the next reset from what is left.

import { toHex } from '@firmseal/bytes';
import { type EraseUnit, eraseUnitAt, findChip } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { buildWeakenedAgent } from '../build.ts';
import { enterAgent, eraseRange, HostileApplication, letApplication } from './hostile-application.ts';
import { blankLine, type Line } from './line.ts';
import { applicationPackage, twoPlaces } from './trial-application.ts';

const imageBytes = 1696;

/** First and second copy. */
const copiesOf = ({ chip }: Line) => [
  chip.chip.layout.identity.addressStart,
  chip.chip.layout.identityCopy.addressStart,
];

const unitsOf = (line: Line, copy: number): readonly EraseUnit[] => {
  const { chip } = line.chip;
  const { length } = chip.layout.identity;
  const start = copiesOf(line)[copy]!;
  const units = new Map<number, EraseUnit>();
  for (let at = start; at < start + length; ) {
    const unit = eraseUnitAt(chip, at)!;
    units.set(unit.addressStart, unit);
    at = unit.addressStart + unit.sizeBytes;
  }
  return [...units.values()];
};

/** Images in the slots of a copy, blank ones left out. */
function imagesIn({ chip }: Line, start: number): string[] {
  const slots = Math.floor(chip.chip.layout.identity.length / imageBytes);
  return Array.from({ length: slots }, (_, i) =>
    toHex(chip.judge.flash(start + i * imageBytes, imageBytes)),
  ).filter((text) => !/^(ff)+$/.test(text));
}

async function bench(chipId: string, agent?: Uint8Array) {
  const application = new HostileApplication();
  const line = await blankLine(chipId, 'identity', agent, [application]);
  await line.personalize(2);
  const [place] = twoPlaces(findChip(chipId));
  await line.install(await applicationPackage(chipId, place, { securityCounter: 5 }));
  const { thumbprint } = line.hello();
  const [image] = imagesIn(line, copiesOf(line)[0]!);
  return { line, application, thumbprint, image: image! };
}

describe.each(['stm32f427', 'stm32g0b1', 'stm32u575', 'stm32h743'])('%s', (chipId) => {
  it('holds the identity in two places that nothing protects, one image each', async () => {
    const { line, image } = await bench(chipId);
    for (const start of copiesOf(line)) expect(imagesIn(line, start)).toEqual([image]);
  });

  // With large sectors an agent goes with it, and the anchor puts that back from the other slot.
  it.each([0, 1])('makes copy %i again after an application erased it', async (copy) => {
    const { line, application, thumbprint, image } = await bench(chipId);
    letApplication(line, application, (cpu) => eraseRange(cpu, { eraseUnits: unitsOf(line, copy) }));
    expect(imagesIn(line, copiesOf(line)[copy]!)).toEqual([image]);
    expect(line.hello()).toMatchObject({ thumbprint, lifeCycle: 'installed' });
  });

  it('makes a copy again that was overwritten, as often as that happens', async () => {
    const { line, application, thumbprint, image } = await bench(chipId);
    const start = copiesOf(line)[1]!;
    const slots = Math.floor(line.chip.chip.layout.identity.length / imageBytes);
    const tear = (slot: number) => (cpu: Parameters<typeof eraseRange>[0]) => {
      // Bits fall on an F4; elsewhere a word that is written takes no other, so a blank slot is spoilt.
      const zeros = new Uint8Array(cpu.writeUnitBytes);
      cpu.programUnits(start + slot * imageBytes + 1664 - (1664 % cpu.writeUnitBytes), zeros);
    };
    for (let slot = 0; slot <= slots; slot++) {
      letApplication(line, application, tear(slot % slots));
      expect(imagesIn(line, start)).toContain(image);
    }
    expect(line.hello()).toMatchObject({ thumbprint, lifeCycle: 'installed' });
  });
});

// On F427 and H743 both agents would go with them: the anchor loads one then (anchor.test.ts).
it.each(['stm32g0b1', 'stm32u575'])(
  'both copies come back from the original beside the anchor: %s',
  async (chipId) => {
    const { line, application, thumbprint, image } = await bench(chipId);
    letApplication(line, application, (cpu) => {
      for (const copy of [0, 1]) eraseRange(cpu, { eraseUnits: unitsOf(line, copy) });
    });
    for (const start of copiesOf(line)) expect(imagesIn(line, start)).toEqual([image]);
    expect(line.hello()).toMatchObject({ thumbprint, lifeCycle: 'installed' });
  },
);

describe('a power cut', () => {
  it.each(['stm32f427', 'stm32g0b1'])('while a copy is made again loses nothing: %s', async (chipId) => {
    const { line, application, thumbprint, image } = await bench(chipId);
    const { chip } = line;
    const start = copiesOf(line)[0]!;
    application.deed = (cpu) => eraseRange(cpu, { eraseUnits: unitsOf(line, 0) });
    chip.reset();
    chip.powerOff();
    const dark = chip.judge.snapshot();
    const first = chip.power.operations;
    chip.powerOn();
    const last = chip.power.operations;
    expect(imagesIn(line, start)).toEqual([image]);
    expect(last - first).toBeGreaterThan(50);
    const step = Math.ceil((last - first) / 12);
    for (let operation = first + 1; operation <= last; operation += step)
      for (const moment of ['before', 'torn', 'after'] as const) {
        chip.judge.restore(dark, { seed: `${operation} ${moment}` });
        chip.power.plan([{ operation, moment }]);
        chip.powerOn();
        chip.power.plan([]);
        chip.powerOff();
        chip.powerOn();
        enterAgent(line);
        expect(imagesIn(line, start)).toContain(image);
        expect(imagesIn(line, copiesOf(line)[1]!)).toEqual([image]);
        expect(line.hello()).toMatchObject({ thumbprint, lifeCycle: 'installed' });
      }
  });
});

it('an agent that does not heal a copy is found out', async () => {
  const agent = await buildWeakenedAgent('stm32g0b1', { 'identity-first-copy-healed': '' });
  const { line, application } = await bench('stm32g0b1', agent);
  letApplication(line, application, (cpu) => eraseRange(cpu, { eraseUnits: unitsOf(line, 0) }));
  expect(imagesIn(line, copiesOf(line)[0]!)).toEqual([]);
});
