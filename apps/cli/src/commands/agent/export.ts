// `firmseal agent export`: the agent's machine code as a file that any programmer writes, with the
// command lines of the programmers that people have. The chip must start the agent afterwards: on some
// chips by option bytes, which are named.

import { Command } from '@commander-js/extra-typings';
import { bootOptions, type Chip, findChip, hexAddress, requireAgent } from '@firmseal/chips';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { readAgentHex } from '../../agent-image.ts';
import { chipOption } from '../../chip-option.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** OpenOCD's target scripts (tcl/target of OpenOCD 0.12). */
const openocdTargets: Readonly<Record<string, string>> = {
  stm32f427: 'stm32f4x',
  stm32h743: 'stm32h7x',
  stm32g0b1: 'stm32g0x',
  stm32u575: 'stm32u5x',
};

interface BootField {
  readonly name: string;
  readonly value: number;
}

/** The option-byte fields with which the chip starts its agent, by the names of the reference manual. */
function bootFields(chip: Chip): BootField[] {
  return bootOptions(chip).map(({ register, mask, value }) => {
    const field = chip.options.registers[register]!.fields.find(
      ({ lsb, msb }) => ((2 ** (msb - lsb + 1) - 1) * 2 ** lsb) >>> 0 === mask,
    )!;
    return { name: field.name, value: value >>> field.lsb };
  });
}

/**
 * Lines for people: write the file, then the option bytes. The file is written over a
 * chip that is erased whole.
 */
function commandLines(chip: Chip, file: string, fields: readonly BootField[]): string[] {
  const options = fields.map(({ name, value }) => `${name}=0x${value.toString(16)}`).join(' ');
  return [
    'STM32CubeProgrammer:',
    `  STM32_Programmer_CLI -c port=SWD -e all -w ${file} -v`,
    ...(options === '' ? [] : [`  STM32_Programmer_CLI -c port=SWD -ob ${options}`]),
    'OpenOCD:',
    `  openocd -f interface/stlink.cfg -f target/${openocdTargets[chip.id]}.cfg -c "program ${file} verify reset exit"`,
    'stlink-tools:',
    `  st-flash erase && st-flash --format ihex write ${file}`,
    'J-Link Commander:',
    `  erase, then loadfile ${file}, then r and g`,
  ];
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .requiredOption('--out <file>', 'where to write the agent, Intel HEX')
    .addHelpText('after', examples('agent export --chip stm32f427 --out agent.hex'))
    .action(
      runs(shell, async (face, { chip: id, out }) => {
        const chip = findChip(id);
        requireAgent(chip);
        refuseUnmakeable([out]);
        writeNewFiles([{ path: out, parts: [readAgentHex(chip)] }]);
        const fields = bootFields(chip);
        face.tell(
          { event: 'agent-exported', chip: chip.id, file: out, bootOptions: fields },
          `${out}: the agent of ${chip.id} in machine code, from ${hexAddress(chip.layout.agent[0]!.addressStart)}`,
          '',
          ...commandLines(chip, out, fields),
          '',
          ...(fields.length === 0
            ? ['The chip starts the agent with the option bytes of a blank part.']
            : [
                'Only STM32CubeProgrammer sets option bytes in these lines. The chip starts the agent once these hold:',
                ...fields.map(({ name, value }) => `  ${name} = 0x${value.toString(16)}`),
              ]),
          '',
          'Then `firmseal personalize --via written` makes the identity. You must trust the person who wrote the agent.',
        );
      }),
    );
