// An application that does to the chip whatever an application can do: it erases and writes flash and
// one-time memory through the processor's port, at whatever readout level. And the owner's answer to it.

import type { Bytes } from '@firmseal/bytes';
import type { EraseUnit } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeRecoveryBundle, makeRecoveryStatement, type RecoveryStatement } from '@firmseal/formats';
import type { CpuPort, ExecutorFactory, FirmwareExecutor } from '@firmseal/virtual-stm32';
import type { Line } from './line.ts';
import { root, type signerOf } from './trusted-site.ts';

type Deed = (cpu: CpuPort) => void;

/** Plays every application: does its deed at its start, once, and stays. */
export class HostileApplication implements ExecutorFactory {
  deed: Deed | undefined;
  starts = 0;

  recognizes({ boot, chip }: CpuPort): boolean {
    const isAgent = boot.address === chip.layout.agent.addressStart && !boot.banksSwapped;
    return boot.from === 'flash' && !isAgent;
  }

  create(): FirmwareExecutor {
    return {
      start: (cpu) => {
        this.starts++;
        const { deed } = this;
        this.deed = undefined;
        deed?.(cpu);
      },
      receive: () => {},
    };
  }
}

/** The chip resets, its application does the deed, and the agent is asked for. */
export function letApplication(line: Line, application: HostileApplication, deed: Deed): void {
  const before = application.starts;
  application.deed = deed;
  line.chip.reset();
  if (application.starts === before) throw new Error('the application did not start');
  enterAgent(line);
}

export function enterAgent({ chip }: Line): void {
  chip.setPin('agent-request', true);
  chip.reset();
  chip.setPin('agent-request', false);
}

/** Some erase units one after the other: a part of the catalogue's layout. */
interface Units {
  readonly eraseUnits: readonly EraseUnit[];
}

const startOf = ({ eraseUnits }: Units): number => eraseUnits[0]!.addressStart;

export function eraseRange(cpu: CpuPort, { eraseUnits }: Units): void {
  for (const { addressStart } of eraseUnits) {
    const status = cpu.eraseUnit(addressStart);
    if (status !== 'ok') throw new Error(`erase at ${addressStart}: ${status}`);
  }
}

export function readRange(cpu: CpuPort, range: Units): Bytes {
  const length = range.eraseUnits.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bytes = cpu.readFlash(startOf(range), length);
  if (typeof bytes === 'string') throw new Error(`${startOf(range)}: ${bytes}`);
  return bytes;
}

/** Puts content back that was read before. */
export function putRange(cpu: CpuPort, range: Units, bytes: Uint8Array): void {
  eraseRange(cpu, range);
  const unit = cpu.writeUnitBytes;
  for (let at = 0; at < bytes.length; at += unit) {
    const piece = bytes.subarray(at, at + unit);
    if (piece.every((byte) => byte === 0xff)) continue;
    const status = cpu.programUnits(startOf(range) + at, piece);
    if (status !== 'ok') throw new Error(`program at ${startOf(range) + at}: ${status}`);
  }
}

export interface RecoveryChange {
  readonly statement?: Partial<RecoveryStatement>;
  readonly by?: ReturnType<typeof signerOf>;
  readonly delegation?: Bytes;
  readonly epochStatement?: Bytes;
  readonly successions?: readonly Bytes[];
}

/** A bundle for the chip's last hello, signed by the root unless another one is given. */
async function recoveryFor(
  statement: RecoveryStatement,
  { by = root, delegation, epochStatement, successions = [], ...change }: RecoveryChange = {},
): Promise<Bytes> {
  return encodeRecoveryBundle({
    statement: await makeRecoveryStatement(crypto, by, { ...statement, ...change.statement }),
    ...(delegation ? { delegation } : {}),
    ...(epochStatement ? { epochStatement } : {}),
    successions,
  });
}

/** Hello, statement, request: the reply of the chip. */
export async function recover(line: Line, floors: Partial<RecoveryStatement>, change: RecoveryChange = {}) {
  const { thumbprint, nonce, epoch, securityCounter, unwraps } = line.hello();
  const statement = { thumbprint, nonce, epoch, securityCounter, unwraps, ...floors };
  return line.try(0x30, await recoveryFor(statement, change));
}
