// From the clock registers of a family to the frequencies that matter here: the core's, that of the bus on
// which USART1 stands, and that of the other USARTs' bus. RM0090 6.2 and 7.3, RM0433 8.5 and 8.7,
// RM0444 5.2, RM0351 6.2, RM0456 11.4; offsets, positions and widths as in the CMSIS device
// headers. The external crystal is the board's.

export interface Frequencies {
  readonly coreHz: number;
  readonly usartHz: number;
  /** Of USART2 and those that follow it on the same bus (APB1). */
  readonly apb1Hz: number;
}

/** Reads a register of the RCC; `externalHz` is what the oscillator of the board gives. */
export type ClockTree = (register: (offset: number) => number, externalHz: number) => Frequencies;

const internalHz = 16_000_000;

const bits = (value: number, lsb: number, width: number): number => (value >>> lsb) & (2 ** width - 1);

/** AHB prescaler: below 8 none, then 2, 4, 8, 16, 64 to 512. */
function divided(hz: number, code: number): number {
  return code < 8 ? hz : hz / ([2, 4, 8, 16, 64, 128, 256, 512] as const)[code - 8]!;
}

/** APB prescaler: below 4 none, then 2, 4, 8, 16. */
const dividedBus = (hz: number, code: number): number => (code < 4 ? hz : hz / 2 ** (code - 3));

export const f4Clock: ClockTree = (register, externalHz) => {
  const configuration = register(0x08);
  const pll = register(0x04);
  const input = bits(pll, 22, 1) ? externalHz : internalHz;
  const made = (input / (bits(pll, 0, 6) || 1)) * (bits(pll, 6, 9) / (2 * (bits(pll, 16, 2) + 1)));
  const sources = [internalHz, externalHz, made, internalHz];
  const coreHz = divided(sources[bits(configuration, 0, 2)]!, bits(configuration, 4, 4));
  return {
    coreHz,
    usartHz: dividedBus(coreHz, bits(configuration, 13, 3)),
    apb1Hz: dividedBus(coreHz, bits(configuration, 10, 3)),
  };
};

export const h7Clock: ClockTree = (register, externalHz) => {
  const inside = 64_000_000 / 2 ** bits(register(0x00), 3, 2);
  const inputs = [inside, 4_000_000, externalHz, 0];
  const select = register(0x28);
  const input = inputs[bits(select, 0, 2)]! / (bits(select, 4, 6) || 1);
  const divider = register(0x30);
  const made = (input * (bits(divider, 0, 9) + 1)) / (bits(divider, 9, 7) + 1);
  const system = [inside, 4_000_000, externalHz, made][bits(register(0x10), 0, 3)] ?? inside;
  const domain = register(0x18);
  const coreHz = divided(system, bits(domain, 8, 4));
  const busHz = divided(coreHz, bits(domain, 0, 4));
  return {
    coreHz,
    usartHz: dividedBus(busHz, bits(register(0x1c), 8, 3)),
    apb1Hz: dividedBus(busHz, bits(register(0x1c), 4, 3)),
  };
};

export const g0Clock: ClockTree = (register, externalHz) => {
  const configuration = register(0x08);
  const inside = internalHz / 2 ** bits(register(0x00), 11, 3);
  const pll = register(0x0c);
  const input = bits(pll, 0, 2) === 3 ? externalHz : internalHz;
  const made = ((input / (bits(pll, 4, 3) + 1)) * bits(pll, 8, 7)) / (bits(pll, 29, 3) + 1);
  const system = [inside, externalHz, made, 32_000, 32_768][bits(configuration, 0, 3)] ?? inside;
  const coreHz = divided(system, bits(configuration, 8, 4));
  const busHz = dividedBus(coreHz, bits(configuration, 12, 3));
  return { coreHz, usartHz: busHz, apb1Hz: busHz };
};

export const l4Clock: ClockTree = (register, externalHz) => {
  const configuration = register(0x08);
  const multi = 4_000_000;
  const pll = register(0x0c);
  const input = [0, multi, internalHz, externalHz][bits(pll, 0, 2)]!;
  const made = ((input / (bits(pll, 4, 3) + 1)) * bits(pll, 8, 7)) / (2 * (bits(pll, 25, 2) + 1));
  const system = [multi, internalHz, externalHz, made][bits(configuration, 0, 2)]!;
  const coreHz = divided(system, bits(configuration, 4, 4));
  return {
    coreHz,
    usartHz: dividedBus(coreHz, bits(configuration, 11, 3)),
    apb1Hz: dividedBus(coreHz, bits(configuration, 8, 3)),
  };
};

export const u5Clock: ClockTree = (register, externalHz) => {
  const multi = 4_000_000;
  const pll = register(0x28);
  const divider = register(0x34);
  const input = [0, multi, internalHz, externalHz][bits(pll, 0, 2)]!;
  const made = ((input / (bits(pll, 8, 4) + 1)) * (bits(divider, 0, 9) + 1)) / (bits(divider, 24, 7) + 1);
  const system = [multi, internalHz, externalHz, made][bits(register(0x1c), 0, 2)]!;
  const prescalers = register(0x20);
  const coreHz = divided(system, bits(prescalers, 0, 4));
  return {
    coreHz,
    usartHz: dividedBus(coreHz, bits(prescalers, 8, 3)),
    apb1Hz: dividedBus(coreHz, bits(prescalers, 4, 3)),
  };
};

/** Offsets of CMSIS header stm32h563xx.h; the tree is that of the H7 without its domains. */
export const h5Clock: ClockTree = (register, externalHz) => {
  const inside = 64_000_000 / 2 ** bits(register(0x00), 3, 2);
  const pll = register(0x28);
  const divider = register(0x34);
  const input = [0, inside, 4_000_000, externalHz][bits(pll, 0, 2)]!;
  const made = ((input / (bits(pll, 8, 6) || 1)) * (bits(divider, 0, 9) + 1)) / (bits(divider, 9, 7) + 1);
  const system = [inside, 4_000_000, externalHz, made][bits(register(0x1c), 0, 2)]!;
  const prescalers = register(0x20);
  const coreHz = divided(system, bits(prescalers, 0, 4));
  return {
    coreHz,
    usartHz: dividedBus(coreHz, bits(prescalers, 8, 3)),
    apb1Hz: dividedBus(coreHz, bits(prescalers, 4, 3)),
  };
};
