// An install of 1 MiB on a virtual STM32F427 whose agent is machine code: all of its time on the chip's
// clock, in parts. The flash's own time is the catalogue's, the wire's is that of the bytes that passed,
// what is left is the agent's cycles.

import { eraseProgramTimeUs, findChip, programTiming } from '@firmseal/chips';
import { machineLine, personalizeMachine } from '../device/agent/test/machine-line.ts';
import { makePackage, pattern } from '../device/agent/test/trusted-site.ts';
import { total } from '../lab/speed/parts.ts';
import { traceCycles } from '../lab/speed/traced-board.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';

const id = 'stm32f427';
const chip = findChip(id);
const addressStart = 0x0810_0000;
const length = 1024 * 1024;
const coreHz = 168e6;
/** What the port opens its USART with, and the rate that a host can have by asking (port/README.md). */
const usedBauds = 115_200;
const fastBauds = 921_600;
const bitsAByte = 10;

const seconds = (us: number) => (us / 1e6).toFixed(2);

/**
 * Time of the install on the chip's clock, and bytes on the wire; from the hello to a receipt that verifies.
 */
async function installByMachineCode(): Promise<{ timeUs: number; wireBytes: number }> {
  const line = machineLine(id, 'bench');
  await personalizeMachine(line, 2);
  const sealed = await makePackage(id, {
    core: { entry: addressStart, leastReadoutLevel: 2, chunkSizeBytes: 4096 },
    areas: [
      {
        area: { kind: 'firmware', address: addressStart, lengthBytes: length },
        plaintext: pattern(length, 5),
      },
    ],
  });
  let wireBytes = 0;
  const { onLink } = line.chip;
  const receive = line.chip.receive.bind(line.chip);
  line.chip.receive = (bytes) => {
    wireBytes += bytes.length;
    receive(bytes);
  };
  line.chip.onLink = (bytes) => {
    wireBytes += bytes.length;
    onLink(bytes);
  };
  const startUs = line.chip.clock.nowUs;
  const { result } = await line.install(sealed);
  if (result !== 'installed') throw new Error('the install by machine code failed');
  return { timeUs: line.chip.clock.nowUs - startUs, wireBytes };
}

export async function machineRows(): Promise<BenchRow[]> {
  if (!hasTool('arm-none-eabi-gcc')) return [];
  const { timeUs, wireBytes } = await installByMachineCode();
  const boundUs = eraseProgramTimeUs(chip, [{ addressStart, length }], 'typical');
  const programUs = (length / chip.write.unitBytes) * programTiming(chip, chip.write.parallelism).typicalUs;
  const wireUs = (bauds: number) => (wireBytes * bitsAByte * 1e6) / bauds;
  const agentUs = timeUs - boundUs - wireUs(usedBauds);
  if (!(agentUs > 0)) throw new Error('the parts of the install are longer than the whole');
  const allUs = boundUs + agentUs + wireUs(fastBauds);
  return [
    {
      name: 'install 1 MiB on a virtual F427 by machine code',
      value: allUs / 1e6,
      unit: 's',
      ratio: allUs / boundUs,
      aim: 2.3,
      limit: 2.5,
      note: `simulated time; peer: erase + program of the catalogue, ${seconds(boundUs)} s; the rest: agent ${seconds(agentUs)} s (the build that ships, cycles by the table of the Cortex-M4 at 168 MHz, journal), link ${seconds(wireUs(fastBauds))} s for ${wireBytes} bytes at ${fastBauds} baud (${seconds(wireUs(usedBauds))} s at ${usedBauds})`,
    },
    {
      name: 'of that the agent, Cortex-M4 cycles counted',
      value: agentUs / 1e6,
      unit: 's',
      ratio: agentUs / programUs,
      aim: 1,
      limit: 1.3,
      note: `simulated time, session and journal included; peer: programming of the same bytes, ${seconds(programUs)} s`,
    },
    ...(hasTool('qemu-system-arm') ? [await estimatedRow(programUs)] : []),
  ];
}

/** The same for the core that the F427 has. */
async function estimatedRow(programUs: number): Promise<BenchRow> {
  const { record, digest, session } = await traceCycles();
  const sessionCycles = Object.values(session).reduce((sum, instructions) => sum + instructions, 0);
  const bytesUs = ((total(record) - record.link + total(digest)) * length * 1e6) / coreHz;
  const agentUs = bytesUs + (sessionCycles * 1e6) / coreHz;
  return {
    name: 'of that the agent, Cortex-M4 cycles by QEMU',
    value: agentUs / 1e6,
    unit: 's',
    ratio: agentUs / programUs,
    aim: 1,
    limit: 1.3,
    note: `trace of QEMU weighed, docs/agent-size-and-speed.md; bytes ${seconds(bytesUs)} s without what passes during reception; peer: programming of the same bytes, ${seconds(programUs)} s`,
  };
}
