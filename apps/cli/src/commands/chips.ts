// `firmseal chips`: the catalogue, for people and as JSON.

import { Command } from '@commander-js/extra-typings';
import {
  agentBuilds,
  type Chip,
  chipIds,
  findChip,
  findChipNamed,
  freeRanges,
  hexAddress,
  type Range,
} from '@firmseal/chips';
import { examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

/** `agent: machine code and WebAssembly`, or that the chip has no agent. */
function describeBuilds(chip: Chip): string {
  const words = { 'machine-code': 'machine code', webassembly: 'WebAssembly for virtual chips' } as const;
  const builds = agentBuilds(chip).map((build) => words[build]);
  return builds.length === 0 ? 'no agent yet' : `agent in ${builds.join(' and ')}`;
}

const row = (name: string, text: string): string => `${name.padEnd(22)}${text}`;

const place = ({ addressStart, length }: Range): string => `${hexAddress(addressStart)}+${length}`;

function describeChip(chip: Chip): string[] {
  const { tier, flash, write, layout } = chip;
  const unverified = Object.values(chip.sources).filter((source) => source.unverified).length;
  return [
    row(chip.id, chip.names.join(', ')),
    row(
      'flash',
      `${flash.sizeBytes / 1024} KiB, ${flash.banks.length} banks, ${flash.eraseUnits.length} erase units`,
    ),
    row('write unit', `${write.unitBytes} bytes, ECC over ${write.eccGranuleBytes || 'nothing'}`),
    row('images linked at', freeRanges(chip)),
    row('agent builds', describeBuilds(chip)),
    row('anchor', `${place(layout.anchor)}, its data ${place(layout.anchorData)}`),
    row('agent', `${place(layout.agent)}, second slot ${place(layout.agentCopy)}`),
    row('identity', [layout.identity, layout.identityCopy].map(place).join(', ')),
    row('journal', layout.journal.map((unit) => hexAddress(unit.addressStart)).join(', ')),
    row(
      'option-byte fields',
      chip.options.registers.flatMap(({ fields }) => fields.map(({ name }) => name)).join(' '),
    ),
    row('tier', `${tier.tier} from readout level ${tier.readoutLevel}`),
    ...tier.promised.map((text) => row('  promised', text)),
    ...tier.notPromised.map((text) => row('  not promised', text)),
    ...(tier.repair === undefined
      ? []
      : [row('repairable', `from readout level ${tier.repair.readoutLevel}`)]),
    row('sources', `${Object.keys(chip.sources).length}, of which ${unverified} unverified`),
  ];
}

export const command = (shell: Shell) =>
  new Command()
    .argument('[name]', 'id of a chip of the list, or the name of a part such as STM32F427ZIT6')
    .addHelpText('after', examples('chips', 'chips stm32f427'))
    .action(
      runs(shell, async (face, name) => {
        if (name !== undefined) {
          const chip = findChipNamed(name);
          face.tell({ event: 'chip', ...chip }, ...describeChip(chip));
          return;
        }
        for (const chip of chipIds().map((one) => findChip(one)))
          face.tell(
            {
              event: 'chip',
              id: chip.id,
              names: chip.names,
              tier: chip.tier.tier,
              agentBuilds: agentBuilds(chip),
              imagesAt: freeRanges(chip),
            },
            row(chip.id, `tier ${chip.tier.tier}, ${describeBuilds(chip)}, images at ${freeRanges(chip)}`),
          );
      }),
    );
