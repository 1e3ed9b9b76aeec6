// An agent is replaced on machine code: the build that ships writes a newer one into the second slot, proves
// it, and the anchor starts that one; power goes while the anchor copies it.

import { findChip } from '@firmseal/chips';
import { expect, it } from 'vitest';
import { buildOfVersion } from '../../../lab/glitch/mutant-build.ts';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { codeOf } from '../toolchain/shipped-image.ts';
import { agentPackage } from './agent-package.ts';
import { machineLine, personalizeMachine } from './machine-line.ts';

const chipId = 'stm32u575';

skipTests(
  isWhole ? lackingTool(['arm-none-eabi-gcc']) : 'a minute of machine code: only in npm run lab -- suites',
);
it('machine code of the U575: an agent is replaced, also when power goes while the anchor copies it', {
  timeout: 1_200_000,
}, async () => {
  const code = codeOf(buildOfVersion(chipId, 2).elf, findChip(chipId));
  const line = machineLine(chipId, 'agent update');
  await personalizeMachine(line, 1);
  expect(line.hello().agentVersion).toBe(1);
  const update = await agentPackage(chipId, { code });
  const receipt = await line.updateAgent(update);
  expect(receipt).toMatchObject({ result: 'installed', measured: true, agent: { version: 2, counter: 2 } });
  const { chip } = line;
  const fired = chip.power.fired.length;
  chip.power.plan([{ operation: chip.power.operations + 40, moment: 'torn' }]);
  chip.reset();
  expect(chip.power.fired.length).toBe(fired + 1);
  chip.power.plan([]);
  chip.powerOn();
  expect(line.hello()).toMatchObject({ agentVersion: 2, lifeCycle: 'personalized' });
});
