// From a reset to the first instruction of an application of 64 KiB whose boot check hashes it: anchor and
// agent in machine code on the chip's clock. With the agent of personalization, whose hash the anchor knows;
// with one that replaced it, by the agent signer whom personalization named; and by one whom it did not name,
// whose delegation the anchor verifies too.

import { signAgentImage } from '@firmseal/agent-image';
import { agentHeaderBytes, eraseUnitsOf, findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { Line } from '../device/agent/test/line.ts';
import { machineLine, personalizeMachine, writeUnits } from '../device/agent/test/machine-line.ts';
import {
  delegate,
  makePackage,
  owner,
  pattern,
  product,
  root,
  signerOf,
} from '../device/agent/test/trusted-site.ts';
import { agentSlot } from '../device/agent/toolchain/shipped-image.ts';
import { targetOf } from '../device/agent/toolchain/targets.ts';
import { buildAgent } from '../device/agent/toolchain/thumb.ts';
import { computeCryptoHere } from '../lab/power/bench.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';

const limitsS = { stm32f427: 0.3, stm32g0b1: 1.5 } as const;
type TimedChip = keyof typeof limitsS;
const applicationBytes = 64 * 1024;

/** A program that stays where it starts; then a pattern. */
function application(linkStart: number): Uint8Array<ArrayBuffer> {
  const bytes = pattern(applicationBytes, 3);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x2000_1000, true);
  view.setUint32(4, linkStart + 0x201, true);
  view.setUint16(0x200, 0xe7fe, true);
  return bytes;
}

/** Simulated microseconds from the reset until the program counter is in the application. */
function bootUs(line: Line): number {
  const { layout } = line.chip.chip;
  const { linkStart, length } = layout.slots[0]!;
  const { processor } = line.chip.machine;
  const { core } = processor;
  const execute = core.executeInstruction.bind(core);
  let reachedUs: number | undefined;
  core.executeInstruction = () => {
    const offset = core.PC - linkStart;
    if (reachedUs === undefined && offset >= 0 && offset < length) reachedUs = processor.nowUs;
    return execute();
  };
  const startUs = processor.nowUs;
  line.chip.reset();
  core.executeInstruction = execute;
  if (reachedUs === undefined) throw new Error('the application did not start');
  return reachedUs - startUs;
}

/** Both slots get an image of the same code, signed by that key. */
async function replaceAgent(line: Line, elf: string, signer: string): Promise<void> {
  const { chip } = line.chip;
  const image = await signAgentImage(nodeCrypto, signerOf(signer), {
    ...{ product, chipId: chip.id, agentVersion: 2, counter: 2 },
    code: agentSlot(elf, chip).bytes.subarray(agentHeaderBytes),
    delegation: await delegate('agent-signer', signer),
    rootPublicKey: root.publicKey,
  });
  const { agent, agentCopy } = chip.layout;
  line.chip.debug.connect();
  for (const { addressStart } of [agent, agentCopy]) {
    for (const unit of eraseUnitsOf(chip, { addressStart, length: agent.length }))
      line.chip.debug.eraseUnit(unit.addressStart);
    for (const [address, bytes] of writeUnits(
      [{ address: addressStart, bytes: image }],
      chip.write.unitBytes,
    ))
      line.chip.debug.programFlash(address, bytes);
  }
  line.chip.debug.disconnect();
}

interface Times {
  readonly measuredUs: number;
  /** By the agent signer whom personalization named. */
  readonly knownUs: number;
  readonly strangerUs: number;
}

const agentSigner = 'agent signer';

async function times(id: TimedChip): Promise<Times> {
  const chip = findChip(id);
  const { linkStart, storeStart } = chip.layout.slots[0]!;
  const build = buildAgent(targetOf(id));
  const line = machineLine(id, 'boot', build, undefined, {
    ...owner,
    agentDelegation: await delegate('agent-signer', agentSigner),
  });
  const { core } = line.chip.machine.processor;
  const execute = core.executeInstruction;
  computeCryptoHere(line.chip, build);
  await personalizeMachine(line, 0);
  const area = { kind: 'firmware', address: storeStart, lengthBytes: applicationBytes } as const;
  const sealed = await makePackage(id, {
    core: { entry: storeStart, chips: [id], leastReadoutLevel: 0, bootCheck: 'digest' },
    areas: [{ area, plaintext: application(linkStart) }],
  });
  await line.install(sealed);
  core.executeInstruction = execute; // the cryptography is executed from here on
  const measuredUs = bootUs(line);
  const replacedUs = async (signer: string) => {
    await replaceAgent(line, build.elf, signer);
    bootUs(line); // heals what the erase of the slots took along
    return bootUs(line);
  };
  return {
    measuredUs,
    knownUs: await replacedUs(agentSigner),
    strangerUs: await replacedUs('agent signer of later'),
  };
}

export async function bootRows(): Promise<BenchRow[]> {
  if (!hasTool('arm-none-eabi-gcc')) return [];
  const rows: BenchRow[] = [];
  for (const id of ['stm32f427', 'stm32g0b1'] as const) {
    const { measuredUs, knownUs, strangerUs } = await times(id);
    const limitS = limitsS[id];
    const held = (us: number) => ({ value: us / 1e6, unit: 's', ratio: us / 1e6 / limitS, aim: 1 });
    const note = `simulated time; limit ${limitS} s; application of 64 KiB, boot check of its digest`;
    rows.push(
      { name: `reset to application on ${id}`, ...held(measuredUs), limit: 1, note },
      { name: `the same, agent replaced, on ${id}`, ...held(knownUs), limit: 1, note },
      { name: `the same, by another agent signer, on ${id}`, ...held(strangerUs), note },
    );
  }
  return rows;
}
