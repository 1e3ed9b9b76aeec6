// Power fails at flash operations of an install: before, in the middle, after. Whatever was cut, the chip afterwards
// boots nothing but what was completely installed, and ends well when the install is done again.
// H743 (32-byte words, ECC): every operation. F427: every 17th. AGENT_CUTS=all cuts every operation of both.

import { describe, expect, it } from 'vitest';
import { Line, NoAnswer, personalizedLine } from './line.ts';
import { makeLicense, makePackage, places, smallAreas, type TestChipId } from './trusted-site.ts';

const moments = ['before', 'torn', 'after'] as const;
const stride = process.env['AGENT_CUTS'] === 'all' ? { stm32f427: 1, stm32h743: 1 } : { stm32f427: 17, stm32h743: 1 };

function holdsFirmware(line: Line, chipId: TestChipId, seed: number): boolean {
  return smallAreas(chipId, seed).every(
    ({ area, plaintext }) =>
      plaintext === undefined ||
      Buffer.compare(line.chip.judge.flash(area.address, area.lengthBytes), plaintext) === 0,
  );
}

/** Restores power and checks what must hold after any cut. Returns whether the new firmware stands. */
function checkAfterCut(line: Line, chipId: TestChipId): boolean {
  line.chip.powerOn();
  const booted = line.chip.bootedApplication !== undefined;
  if (booted) {
    const [former, updated] = [holdsFirmware(line, chipId, 1), holdsFirmware(line, chipId, 30)];
    expect(former || updated).toBe(true);
    return updated;
  }
  expect(line.chip.running).toBe(true);
  const { lifeCycle } = line.hello();
  expect(['installing', 'erased']).toContain(lifeCycle);
  if (lifeCycle === 'erased') {
    const wiped = smallAreas(chipId).every(({ area }) =>
      line.chip.judge.flash(area.address, area.lengthBytes).every((byte) => byte === 0xff),
    );
    expect(wiped).toBe(true);
  }
  return false;
}

describe.each(['stm32h743', 'stm32f427'] as const)('%s', (chipId) => {
  it.each(['erase', 'resume'] as const)(
    'policy %s: an update cut anywhere',
    async (interruption) => {
      const first = await makePackage(chipId, { core: { interruption } });
      const areas = smallAreas(chipId, 30);
      const update = await makePackage(chipId, { core: { interruption, securityCounter: 6 }, areas });
      // One chip is installed; each case begins with the very same flash content.
      const prepare = async (seed: string) => {
        const line = await personalizedLine(chipId, 1, seed);
        await line.install(first);
        return { line, license: await makeLicense(update, line.device!) };
      };
      const attempt = (line: Line, license: Awaited<ReturnType<typeof makeLicense>>) => {
        line.chip.setPin('agent-request', true);
        line.chip.reset();
        line.hello();
        line.package(update);
        line.license(license);
        line.records(update);
        line.chip.setPin('agent-request', false);
      };
      const dry = await prepare('dry');
      const before = dry.line.chip.power.operations;
      attempt(dry.line, dry.license);
      const operations = dry.line.chip.power.operations - before;
      expect(operations).toBeGreaterThan(100);

      let cuts = 0;
      let survived = 0;
      let chip = await prepare('cuts 0');
      for (let operation = 1; operation <= operations; operation += stride[chipId])
        for (const moment of moments) {
          const { line, license } = chip;
          const { power } = line.chip;
          power.plan([{ operation: power.operations + operation, moment }]);
          const fired = power.fired.length;
          try {
            attempt(line, license);
          } catch (error) {
            if (!(error instanceof NoAnswer)) throw error;
          }
          line.chip.setPin('agent-request', false);
          if (power.fired.length === fired) {
            power.plan([]);
            break; // a resumed install has fewer operations than the first
          }
          cuts++;
          if (checkAfterCut(line, chipId)) survived++;
          // From whatever the cut left, the install ends well.
          line.chip.setPin('agent-request', true);
          line.chip.reset();
          line.chip.setPin('agent-request', false);
          const receipt = await line.install(update);
          expect(receipt.securityCounter).toBe(6);
          expect(holdsFirmware(line, chipId, 30)).toBe(true);
          line.chip.reset();
          expect(line.chip.bootedApplication).toBeDefined();
          chip = { line, license: await makeLicense(update, line.device!) };
        }
      expect(cuts).toBeGreaterThan(operations / stride[chipId]);
      expect(survived).toBeGreaterThan(0);
    },
    600_000,
  );
});
void places;
