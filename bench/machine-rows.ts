// Installs of 1 MiB on a virtual STM32F427 whose agent is machine code, on a chip that is blank and on one
// that has to be erased, by a host that keeps the agent's window full: all of it on the chip's clock. Beside
// the longer of what flash and wire need alone. Then the session, where elliptic curves take the time.

import { eraseProgramTimeUs, findChip, programTiming } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { Line } from '../device/agent/test/line.ts';
import { machineLine, personalizeMachine } from '../device/agent/test/machine-line.ts';
import { makePackage, pattern } from '../device/agent/test/trusted-site.ts';
import { changeRate, streamRecords } from '../device/agent/test/windowed-records.ts';
import { total } from '../lab/speed/parts.ts';
import { traceCycles } from '../lab/speed/traced-board.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';
import { usbInstallRow } from './usb-install-row.ts';

const id = 'stm32f427';
const chip = findChip(id);
const length = 1024 * 1024;
const coreHz = 168e6;
/** The rate that a host can have by asking (port/README.md). */
const baud = 921_600;
const bitsAByte = 10;

const seconds = (us: number) => (us / 1e6).toFixed(2);

interface Installed {
  /** From the hello to a receipt that verifies. */
  readonly timeUs: number;
  /** Of that all but the records. */
  readonly sessionUs: number;
  /** Both directions are counted: the longer one is as good as all of it. */
  readonly wireBytes: number;
}

/** `seed`: of the firmware's bytes. */
async function install(
  line: Line,
  addressStart: number,
  lengthBytes: number,
  seed: number,
): Promise<Installed> {
  const sealed = await makePackage(id, {
    core: { entry: addressStart, chips: [line.chip.chip.id], leastReadoutLevel: 2, chunkSizeBytes: 4096 },
    areas: [
      {
        area: { kind: 'firmware', address: addressStart, lengthBytes },
        plaintext: pattern(lengthBytes, seed),
      },
    ],
  });
  const { clock } = line.chip;
  let wireBytes = 0;
  const receive = line.chip.receive.bind(line.chip);
  line.chip.receive = (bytes) => {
    wireBytes += bytes.length;
    receive(bytes);
  };
  const startUs = clock.nowUs;
  const license = await line.licenseFor(sealed);
  line.package(sealed);
  line.license(license);
  const recordsUs = clock.nowUs;
  streamRecords(line, sealed, line.info().get(5) as number);
  const receiptUs = clock.nowUs;
  const { result } = line.receipt(license, sealed.manifest, nodeCrypto.randomBytes(32));
  line.chip.receive = receive;
  if (result !== 'installed') throw new Error('the install by machine code failed');
  const sessionUs = recordsUs - startUs + (clock.nowUs - receiptUs);
  return { timeUs: clock.nowUs - startUs, sessionUs, wireBytes };
}

async function fastLine(chipId: string): Promise<Line> {
  const line = machineLine(chipId, 'bench');
  await personalizeMachine(line, 2);
  changeRate(line, baud);
  return line;
}

interface Kind {
  readonly what: string;
  readonly flashUs: number;
  readonly limit: number;
}

function installRow({ timeUs, sessionUs, wireBytes }: Installed, { what, flashUs, limit }: Kind): BenchRow {
  const wireUs = (wireBytes * bitsAByte * 1e6) / baud;
  return {
    name: `install 1 MiB on a virtual F427 by machine code, ${what}`,
    value: timeUs / 1e6,
    unit: 's',
    ratio: timeUs / Math.max(flashUs, wireUs),
    ...{ aim: 1.35, limit },
    note: `simulated time, the build that ships; peer: the longer of flash ${seconds(flashUs)} s and wire ${seconds(wireUs)} s at ${baud} baud; session in it ${seconds(sessionUs)} s`,
  };
}

const sessionRow = (name: string, { sessionUs }: Installed, limitSeconds: number): BenchRow => ({
  name: `session of a first contact by machine code, ${name}`,
  value: sessionUs / 1e6,
  unit: 's',
  ratio: sessionUs / 1e6 / limitSeconds,
  limit: 1,
  note: `simulated time, wire at ${baud} baud included; hello, package, license, receipt; peer: ${limitSeconds} s`,
});

export async function machineRows(): Promise<BenchRow[]> {
  if (!hasTool('arm-none-eabi-gcc')) return [];
  const addressStart = 0x0804_0000;
  const line = await fastLine(id);
  const blank = await install(line, addressStart, length, 5);
  const erased = await install(line, addressStart, length, 6);
  const flashUs = eraseProgramTimeUs(chip, [{ addressStart, length }], 'typical');
  const programUs = (length / chip.write.unitBytes) * programTiming(chip, chip.write.parallelism).typicalUs;
  const small = await fastLine('stm32g0b1');
  const { storeStart } = findChip('stm32g0b1').layout.slots[0]!;
  return [
    installRow(blank, { what: 'blank', flashUs: programUs, limit: 1.5 }),
    installRow(erased, { what: 'to be erased', flashUs, limit: 1.5 }),
    sessionRow('F427', await install(await fastLine(id), addressStart, 8192, 7), 1.3),
    sessionRow('G0B1', await install(small, storeStart, 8192, 5), 8),
    await usbInstallRow('stm32f427', 'F427'),
    await usbInstallRow('stm32h743', 'H743'),
    ...(hasTool('qemu-system-arm') ? [await estimatedRow(programUs)] : []),
  ];
}

/** Cycles of the agent, session included, for the core that the F427 has. */
async function estimatedRow(programUs: number): Promise<BenchRow> {
  const { record, unit, digest, session } = await traceCycles();
  const sessionCycles = Object.values(session).reduce((sum, instructions) => sum + instructions, 0);
  const perByte = total(record) - record.link + total(unit) + total(digest);
  const bytesUs = (perByte * length * 1e6) / coreHz;
  const agentUs = bytesUs + (sessionCycles * 1e6) / coreHz;
  return {
    name: 'agent in an install of 1 MiB on F427, Cortex-M4 cycles by QEMU',
    value: agentUs / 1e6,
    unit: 's',
    ratio: agentUs / programUs,
    aim: 1,
    limit: 1.3,
    note: `trace of QEMU weighed, docs/agent-size-and-speed.md; bytes ${seconds(bytesUs)} s without what passes during reception; peer: programming of the same bytes, ${seconds(programUs)} s`,
  };
}
