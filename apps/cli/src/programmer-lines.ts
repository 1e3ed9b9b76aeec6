// The command lines of the programmers that people have, for an exported agent. The chip must start the agent
// afterwards: on some chips by option bytes, which STM32CubeProgrammer and OpenOCD set.

import { bootOptions, type Chip } from '@firmseal/chips';

export interface BootField {
  readonly name: string;
  readonly value: number;
}

/** The option-byte fields with which the chip starts its agent, by the names of the reference manual. */
export function bootFields(chip: Chip): BootField[] {
  return bootOptions(chip).map(({ register, mask, value }) => {
    const field = chip.options.registers[register]!.fields.find(
      ({ lsb, msb }) => ((2 ** (msb - lsb + 1) - 1) * 2 ** lsb) >>> 0 === mask,
    )!;
    return { name: field.name, value: value >>> field.lsb };
  });
}

/** OpenOCD's command that writes a register of option bytes; the F4's driver has none for single fields. */
const optionWriters: Readonly<Record<string, string>> = { h7: 'stm32h7x', g0: 'stm32l4x', u5: 'stm32l4x' };

/** Erases all, writes and verifies, sets the option bytes with which the chip starts the agent. */
function openocdCommands(chip: Chip, file: string): string[] {
  const { kind, registerBase } = chip.flashController;
  const writer = optionWriters[kind];
  const hex = (value: number) => `0x${(value >>> 0).toString(16)}`;
  const options =
    writer === undefined
      ? []
      : bootOptions(chip).map(({ register, mask, value }) => {
          const offset = chip.options.registers[register]!.programAddress - registerBase;
          return `${writer} option_write 0 ${[offset, value, mask].map(hex).join(' ')}`;
        });
  return [
    'init',
    'reset halt',
    `flash write_image erase ${file}`,
    `verify_image ${file}`,
    ...options,
    'reset',
    'exit',
  ];
}

function openocdLine(chip: Chip, file: string): string {
  const { before, target } = chip.openocd;
  return [
    'openocd -f interface/stlink.cfg',
    ...(before === undefined ? [] : [`-c "${before}"`]),
    `-f target/${target}`,
    ...openocdCommands(chip, file).map((command) => `-c "${command}"`),
  ].join(' ');
}

/**
 * Lines for people: write the file, then the option bytes. The file is written over a
 * chip that is erased whole.
 */
export function commandLines(chip: Chip, file: string, fields: readonly BootField[]): string[] {
  const options = fields.map(({ name, value }) => `${name}=0x${value.toString(16)}`).join(' ');
  return [
    'STM32CubeProgrammer:',
    `  STM32_Programmer_CLI -c port=SWD -e all -w ${file} -v`,
    ...(options === '' ? [] : [`  STM32_Programmer_CLI -c port=SWD -ob ${options}`]),
    'OpenOCD:',
    `  ${openocdLine(chip, file)}`,
    'stlink-tools:',
    `  st-flash erase && st-flash --format ihex write ${file}`,
    'J-Link Commander:',
    `  erase, then loadfile ${file}, then r and g`,
  ];
}
