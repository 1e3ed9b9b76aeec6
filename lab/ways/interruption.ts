// A personalization that is cut: the chip loses power in one of its flash operations, or the host
// dies after it. The same command is given again, and must end well or say why the chip is lost.
// In this process, with the agent as WebAssembly, over the serial line and over the debug port;
// BOOT0 stays high on the serial line.

import { AgentClient } from '@firmseal/agent-client';
import { boardPart, findBoard } from '@firmseal/boards';
import { type Chip, findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { SerialLine } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { type PersonalizeOptions, personalizeChip } from '@firmseal/personalization';
import { openProbeProgrammer, openUartProgrammer } from '@firmseal/programming';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { inProcessProbe } from '@firmseal/virtual-line';
import {
  agentImage,
  type CutMoment,
  createVirtualChip,
  type Operation,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { buildAgent } from '../../device/agent/build.ts';

export type WayName = 'serial line' | 'debug port';
export type Moment = CutMoment | 'host-dies';
export const moments: readonly Moment[] = ['before', 'torn', 'after', 'host-dies'];

/** The board whose settings are written. */
const boardOf: Readonly<Record<string, string>> = {
  stm32f427: 'nucleo-f429zi',
  stm32h743: 'nucleo-h743zi',
  stm32g0b1: 'nucleo-g0b1re',
  stm32u575: 'nucleo-u575zi-q',
  stm32l476: 'nucleo-l476rg',
  stm32f405: 'stm32f4discovery',
};

const root = nodeCrypto.generateP256();
const ca = nodeCrypto.generateP256();

export interface Subject {
  readonly id: string;
  readonly way: WayName;
  readonly facts: Chip;
  readonly image: PersonalizeOptions['agentImage'];
}

export async function subject(id: string, way: WayName): Promise<Subject> {
  const facts = findChip(id);
  const board = boardPart(findBoard(boardOf[id]!).settings, facts);
  return { id, way, facts, image: [...agentImage(await buildAgent(id), facts), board] };
}

function blankChip({ id, way }: Subject): VirtualChip {
  const seed = `interruption ${id}`;
  const programs = [wasmAgent(nodeCrypto)];
  return way === 'serial line'
    ? startInBootloader(id, { seed, programs })
    : createVirtualChip({ chip: id, seed, executors: programs });
}

/** The chip's line until the host dies: then nothing more is sent, as by a process that was killed. */
function lineOf(chip: VirtualChip, host: { dead: boolean }): SerialLine {
  const line = openChipUart(chip);
  return { ...line, write: (bytes) => (host.dead ? Promise.reject(new HostDied()) : line.write(bytes)) };
}

class HostDied extends Error {
  override readonly name = 'HostDied';
}

async function command({ way, facts, image }: Subject, chip: VirtualChip, host = { dead: false }) {
  const clock = new TestClock();
  const alive =
    <A extends readonly unknown[], T>(action: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      if (host.dead) throw new HostDied();
      return action(...given);
    };
  const probe = inProcessProbe(chip);
  const living = Object.fromEntries(
    Object.entries(probe).map(([name, action]) => [name, alive(action as () => Promise<unknown>)]),
  ) as unknown as typeof probe;
  const openProgrammer = () =>
    way === 'serial line'
      ? openUartProgrammer({ chip: facts, stream: lineOf(chip, host), clock })
      : openProbeProgrammer(facts, living);
  return clock.run(
    personalizeChip({
      ...{ crypto: nodeCrypto, clock, chip: facts, openProgrammer, agentImage: image },
      openAgent: alive(async () => {
        if (!chip.powered) chip.powerOn();
        const stream = lineOf(chip, host);
        return { agent: await AgentClient.connect({ stream, clock }), close: () => stream.close() };
      }),
      ...{ rootPublicKey: root.publicKey, product: 'panel', epoch: 0, level: 2, leastMillivolts: 3000 },
      deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
      ...{ validFrom: new Date('2026-01-01T00:00:00Z'), eraseProtected: true },
    }),
  );
}

/** All operations of a personalization that is left alone. */
export async function operationsOf(one: Subject): Promise<Operation[]> {
  const chip = blankChip(one);
  const seen: Operation[] = [];
  chip.power.onOperation = (operation) => void seen.push(operation);
  await command(one, chip);
  return seen;
}

export interface Ending {
  /** `finished`: certified and at level 2. Else the code of the fault that says why not. */
  readonly end: 'finished' | string;
  /** Whether the first command already ended well, cut or not. */
  readonly undisturbed: boolean;
}

/** Cuts at the operation (its number, of `operationsOf`), gives power again, and gives the same command. */
export async function interrupt(
  one: Subject,
  { operation, moment }: { operation: number; moment: Moment },
): Promise<Ending> {
  const chip = blankChip(one);
  const host = { dead: false };
  if (moment === 'host-dies')
    chip.power.onOperation = ({ number }) => {
      host.dead ||= number >= operation;
    };
  else chip.power.plan([{ operation, moment }]);
  const undisturbed = await command(one, chip, host).then(
    () => true,
    () => false,
  );
  const fired = moment === 'host-dies' ? host.dead : chip.power.fired.length === 1;
  if (!fired) throw new Error(`operation ${operation} was never reached`);
  chip.power.onOperation = undefined;
  if (!chip.powered) chip.powerOn();
  try {
    await command(one, chip);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { end: error.code, undisturbed };
  }
  const level = readoutLevel(one.facts, chip.judge.optionsLoaded);
  return { end: level === 2 ? 'finished' : `finished at level ${level}`, undisturbed };
}
