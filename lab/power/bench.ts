// The bench of the power simulation: a chip of the catalogue with the agent in C, two firmwares for it
// with their licenses, and what its owner, an attacker and the judge see of it afterwards. Every chip
// gets its areas from its own layout.

import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import { type Chip, eraseUnitAt, findChip, withOptionField } from '@firmseal/chips';
import type { SealArea, SealInputs } from '@firmseal/seal';
import type { ExecutorFactory, VirtualChip } from '@firmseal/virtual-stm32';
import { blankLine, type Line } from '../../device/agent/test/line.ts';
import { type Executables, machineInSocket } from '../../device/agent/test/machine-line.ts';
import {
  deviceData,
  firmware,
  makeLicense,
  makePackage,
  pattern,
  type TestLicense,
  type TestPackage,
} from '../../device/agent/test/trusted-site.ts';
import { anchorTargetOf, targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import { type AgentConstants, agentConstants } from '../glitch/agent-constants.ts';
import { type Core, hostCrypto, RunningHashes } from '../glitch/host-crypto.ts';

/** Chips whose agent is machine code. */
const machineLines = new WeakSet<object>();

const constantsOf = new Map<string, AgentConstants>();

/** Of the anchor, those that it has: it only hashes and verifies. */
function functionsOf(core: Core, elf: string, chipId: string, hashes: RunningHashes) {
  const constants = constantsOf.get(chipId) ?? agentConstants(targetOf(chipId));
  constantsOf.set(chipId, constants);
  return hostCrypto(core, { symbols: symbolsOf(elf), constants }, hashes);
}

/**
 * From here on the host computes the cryptography of a chip whose anchor and agent are machine code: the
 * flash driver, the journal and the decisions are executed. `elf` is the agent's executable.
 */
export function computeCryptoHere(chip: VirtualChip, { elf, anchorElf }: Executables): void {
  const { core } = chip.machine.processor;
  const { id } = chip.chip;
  const hashes = new RunningHashes();
  const anchor = anchorElf ?? buildAgent(anchorTargetOf(id)).elf;
  const functions = new Map([elf, anchor].flatMap((one) => [...functionsOf(core, one, id, hashes)]));
  // Most instructions begin none of them, which this tells faster than the map.
  const some = new Uint8Array(1 << 16);
  const placeOf = (address: number): number => (address >>> 1) & 0xffff;
  for (const address of functions.keys()) some[placeOf(address)] = 1;
  const { registers } = core;
  const execute = core.executeInstruction.bind(core);
  core.executeInstruction = () => {
    const pc = registers[15]!;
    const quick = some[placeOf(pc)] === 0 ? undefined : functions.get((pc & ~1) >>> 0);
    if (quick === undefined) return execute();
    quick();
    return 1;
  };
}

/**
 * As `machineLine`, the cryptography computed by the host. The chip has booted before: the anchor
 * has made its copy of the agent.
 */
export function quickMachineLine(
  chipId: string,
  seed = `power ${chipId}`,
  executables: Executables = buildAgent(targetOf(chipId)),
  block?: Bytes,
): Line {
  const bootOnce = (chip: VirtualChip): void => {
    computeCryptoHere(chip, executables);
    chip.powerOn();
    chip.powerOff();
  };
  const line = machineInSocket(chipId, seed, executables, block, undefined, {
    name: 'booted',
    act: bootOnce,
  });
  computeCryptoHere(line.chip, executables);
  machineLines.add(line.chip);
  line.chip.powerOn();
  return line;
}

export interface Firmware {
  readonly sealed: TestPackage;
  readonly areas: readonly SealArea[];
  readonly securityCounter: number;
  /** Standing, so that it can be used whenever; one for the run that is cut, one for what follows. */
  readonly license: TestLicense;
  readonly nextLicense: TestLicense;
}

export interface Bench {
  readonly line: Line;
  /** The older one first. */
  readonly firmwares: readonly [Firmware, Firmware];
}

export interface BenchOptions {
  readonly chipId: string;
  readonly interruption: 'erase' | 'resume';
  /** What plays applications; without it nothing does. */
  readonly player?: ExecutorFactory;
  readonly agent?: Uint8Array;
  /** The agent as the machine code that ships instead of WebAssembly. */
  readonly build?: 'thumb';
  /** Requirement that the newer package has of the option bytes. */
  readonly optionBytes?: readonly { register: number; mask: number; value: number }[];
}

/** Three records; one area ends in the middle of a chunk. */
const firstBytes = 1184;
const secondBytes = 224;

/** `b .`: where a processor executes the application, it stays. */
const standStill = 0xe7fe;

/** Starts of units from the one at `start` on, far enough apart for the areas. */
function placesOf(chip: Chip, start: number): number[] {
  const places = [start];
  for (const needBytes of [firstBytes, secondBytes, 64]) {
    const unit = eraseUnitAt(chip, places.at(-1)! + needBytes - 1)!;
    places.push(unit.addressStart + unit.sizeBytes);
  }
  return places;
}

interface Place {
  /** As stored; in the first slot of the chip. */
  readonly start: number;
  readonly hasKeys: boolean;
}

function areasOf(chip: Chip, seed: number, { start, hasKeys }: Place): SealArea[] {
  const [first, second, keys, data] = placesOf(chip, start) as [number, number, number, number];
  const image = firmware(first, firstBytes, seed);
  const { linkStart, storeStart } = chip.layout.slots[0]!;
  const view = new DataView(image.buffer);
  view.setUint32(4, first - storeStart + linkStart + 0x101, true);
  view.setUint16(0x100, standStill, true);
  const generated: SealArea[] = hasKeys
    ? [{ area: { kind: 'generated-keys', address: keys, lengthBytes: 64, onUpdate: 'renew' } }]
    : [];
  return [
    { area: { kind: 'firmware', address: first, lengthBytes: firstBytes }, plaintext: image },
    {
      area: { kind: 'firmware', address: second, lengthBytes: secondBytes },
      plaintext: pattern(secondBytes, seed + 1),
    },
    ...generated,
    { area: { kind: 'device-data', address: hasKeys ? data : keys, lengthBytes: 96 } },
  ];
}

/** A chip with the agent and no identity yet. */
export const blankBench = async ({ chipId, agent, build, player }: BenchOptions): Promise<Line> =>
  build === 'thumb'
    ? quickMachineLine(chipId)
    : blankLine(chipId, `power ${chipId}`, agent, player === undefined ? [] : [player]);

/** A personalized chip at readout level 1, where a debugger still gets an answer. */
export async function prepareBench(options: BenchOptions): Promise<Bench> {
  const line = await blankBench(options);
  await line.personalize(1);
  return { line, firmwares: await makeFirmwares(line, options) };
}

export async function makeFirmwares(
  line: Line,
  { chipId, interruption, optionBytes = [] }: BenchOptions,
): Promise<readonly [Firmware, Firmware]> {
  line.hello();
  const chip = findChip(chipId);
  const place = { start: chip.layout.slots[0]!.storeStart, hasKeys: chip.hasRandomGenerator };
  const make = (seed: number, securityCounter: number, required: typeof optionBytes) => {
    const areas = areasOf(chip, seed, place);
    return makeFirmware(line, areas, { interruption, securityCounter, optionBytes: required });
  };
  return [await make(40, 5, []), await make(1, 6, optionBytes)];
}

async function makeFirmware(
  line: Line,
  areas: readonly SealArea[],
  change: Pick<SealInputs['core'], 'interruption' | 'securityCounter' | 'optionBytes'>,
): Promise<Firmware> {
  const { id } = line.chip.chip;
  const sealed = await makePackage(id, { core: { entry: areas[0]!.area.address, ...change }, areas });
  const [license, nextLicense] = [
    await makeLicense(sealed, line.device!),
    await makeLicense(sealed, line.device!),
  ];
  return { sealed, areas, securityCounter: change.securityCounter, license, nextLicense };
}

/**
 * Three firmwares: one that stands, one on trial behind it, and one that replaces the first
 * by policy resume afterwards.
 */
export async function makeTrialFirmwares(line: Line): Promise<readonly [Firmware, Firmware, Firmware]> {
  line.hello();
  const { chip } = line.chip;
  const { storeStart } = chip.layout.slots[0]!;
  const behind = placesOf(chip, storeStart)[3]!;
  const make = (seed: number, start: number, interruption: 'resume' | 'trial', securityCounter: number) => {
    const areas = areasOf(chip, seed, { start, hasKeys: false });
    return makeFirmware(line, areas, { interruption, securityCounter, optionBytes: [] });
  };
  return [
    await make(40, storeStart, 'resume', 5),
    await make(1, behind, 'trial', 6),
    await make(80, storeStart, 'resume', 7),
  ];
}

const contentOf = ({ area, plaintext }: SealArea): Uint8Array | undefined =>
  plaintext ?? (area.kind === 'device-data' ? deviceData : undefined);

/** Whether all that the owner gave stands in flash. */
export const holds = (line: Line, { areas }: Firmware): boolean =>
  areas.every((one) => {
    const content = contentOf(one);
    const { address, lengthBytes } = one.area;
    return content === undefined || equalBytes(line.chip.judge.flash(address, lengthBytes), content);
  });

/** Whether an application has the chip: told by the executor, or seen by where the processor is. */
export function hasBooted({ chip }: Line): boolean {
  if (chip.bootedApplication !== undefined) return true;
  if (!machineLines.has(chip)) return false;
  const at = chip.machine.processor.core.PC;
  const { linkStart, length } = chip.chip.layout.slots[0]!;
  return at >= linkStart && at < linkStart + length;
}

export function enterAgent(line: Line): void {
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  line.chip.setPin('agent-request', false);
}

/** What somebody with a debugger gets to read: flash of the areas and the RAM that the agent works in. */
function readable({ chip }: Line, areas: readonly SealArea[]): Buffer {
  if (chip.debug.connect() !== 'connected') return Buffer.alloc(0);
  const found = areas.map(({ area }) => chip.debug.readMemory(area.address, area.lengthBytes));
  found.push(chip.debug.readMemory(chip.chip.ram[0]!.addressStart, 0x10000));
  return Buffer.from(
    concatBytes(...found.filter((bytes) => typeof bytes !== 'string' && bytes !== undefined)),
  );
}

/**
 * A thief with a debugger after power came back: reads, lets protection go with power cut in
 * the middle of the erase, reads, lets it go to the end, reads. Says what of the firmware he
 * got; the chip is spent afterwards.
 */
export function attack(line: Line, { areas }: Firmware): string[] {
  const { chip } = line;
  const { field, level0 } = chip.chip.readoutProtection;
  const got: string[] = [];
  const look = (when: string) => {
    const bytes = readable(line, areas);
    for (const one of areas) {
      const content = contentOf(one);
      for (let at = 0; content !== undefined && at < content.length; at += 64)
        if (bytes.includes(Buffer.from(content.subarray(at, at + 16)))) {
          got.push(`${when}: plaintext at 0x${(one.area.address + at).toString(16)}`);
          return;
        }
    }
  };
  const release = () =>
    chip.debug.writeOptionBytes(
      withOptionField(chip.chip, new Map(chip.judge.optionsStored), { name: field, value: level0 }),
    );
  chip.powerOff();
  chip.powerOn();
  look(`readout level ${chip.judge.readoutLevel}`);
  if (chip.debug.connect() !== 'connected') return got;
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
  release();
  if (chip.powered) got.push('the cut of the regression did not happen');
  chip.powerOn();
  look('after a torn regression');
  chip.debug.connect();
  release();
  chip.powerOff();
  chip.powerOn();
  if (chip.judge.readoutLevel !== 0) got.push('the regression did not happen');
  look('after a regression');
  return got;
}
