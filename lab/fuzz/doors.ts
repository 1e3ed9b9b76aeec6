// Fuzzes the doors of virtual chips: both ROM bootloaders, both kinds of debug probe, and the protocols that
// carry probes over a socket. `npm run lab -- fuzz-doors [inputs] [seed]`, 1,000,000 inputs by default. After
// the last input at each door a real client programs and verifies the chip that took them. Prints a line a
// door; a failure names what brings it back, and the exit code is 1 (2: the command line is wrong).

import { atMost, readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { fuzzDfu, fuzzUart } from './door-fuzz.ts';
import type { FuzzOptions, FuzzReport } from './fuzz-run.ts';
import { fuzzCmsisDap, fuzzStlink, fuzzStlinkServer, fuzzUsbip } from './probe-fuzz.ts';
import { programByClient } from './real-client.ts';

const chips = ['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];
const { wanted, seed } = readCommandLine('npm run lab -- fuzz-doors [inputs] [seed]', (words) => {
  atMost(words, 2);
  const [inputsText = '1000000', seedText = 'doors'] = words;
  return { wanted: wholeNumber(inputsText, 'inputs'), seed: seedText };
});

interface Door {
  readonly name: string;
  readonly fuzz: (options: FuzzOptions) => Promise<FuzzReport>;
  readonly client: 'uart' | 'dfu' | 'debug';
}

const doors: readonly Door[] = [
  { name: 'UART bootloader', fuzz: fuzzUart, client: 'uart' },
  { name: 'DfuSe bootloader', fuzz: fuzzDfu, client: 'dfu' },
  { name: 'CMSIS-DAP', fuzz: fuzzCmsisDap, client: 'debug' },
  { name: 'ST-LINK', fuzz: fuzzStlink, client: 'debug' },
  { name: 'stlink-server', fuzz: fuzzStlinkServer, client: 'debug' },
  { name: 'USB/IP', fuzz: fuzzUsbip, client: 'debug' },
];
/** stm32flash knows no U575: its door is met by the session of our own alone. */
const hasNoClient = (door: Door, chip: string): boolean => door.client === 'uart' && chip === 'stm32u575';

const inputs = Math.ceil(wanted / (doors.length * chips.length));
let total = 0;
for (const chip of chips)
  for (const door of doors) {
    const afterwards = hasNoClient(door, chip) ? {} : { afterwards: programByClient(door.client) };
    const report = await door.fuzz({ chip, seed, inputs, ...afterwards });
    const counts = Object.entries(report).map(([name, count]) => `${name} ${count}`);
    const client = hasNoClient(door, chip) ? 'no client knows this chip' : 'then programmed by a real client';
    console.log(`${chip} ${door.name}: ${counts.join(', ')}; ${client}`);
    total += report.inputs;
  }
if (total < wanted) throw new Error(`${total} inputs were sent, ${wanted} were asked for`);
console.log(`${total} inputs, seed ${seed}: no crash, nothing protected read or changed`);
