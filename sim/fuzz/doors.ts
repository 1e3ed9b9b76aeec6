// Fuzzes both doors of the ROM bootloaders on every chip that has one: `node sim/fuzz/doors.ts [inputs] [seed]`,
// 1,000,000 inputs by default. Prints a line a door; a failure names what brings it back, and the exit code is 1.

import { type FuzzReport, fuzzDfu, fuzzUart } from './door-fuzz.ts';

const chips = ['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];
const [inputsText = '1000000', seed = 'doors'] = process.argv.slice(2);
const inputs = Math.ceil(Number(inputsText) / (2 * chips.length));

function print(door: string, chip: string, report: FuzzReport): void {
  const counts = Object.entries(report).map(([name, count]) => `${name} ${count}`);
  console.log(`${chip} ${door}: ${counts.join(', ')}`);
}

for (const chip of chips) {
  print('uart', chip, await fuzzUart({ chip, seed, inputs }));
  print('dfu', chip, await fuzzDfu({ chip, seed, inputs }));
}
