// Vectors of packages that bring an agent: spec/package.md sections 3 and 6. The image is that of
// agent-image-cases.ts, for the STM32F427.

import type { CborInput } from '@firmseal/cbor-cose';
import { findChip } from '@firmseal/chips';
import type { FaultCode } from '@firmseal/fault';
import { signedAgent } from './agent-image-cases.ts';
import type { defaultState, PackageCase } from './package-case.ts';
import { assemble, type Pieces, pieces } from './workshop.ts';

const { agent: slotA, agentCopy } = findChip('stm32f427').layout;
const slot = agentCopy.addressStart;
const entry = slot + 1024;

export async function agentPieces(): Promise<Pieces> {
  const image = await signedAgent();
  const area = { kind: 'agent', address: slot, lengthBytes: image.length, agentCounter: 7 } as const;
  return pieces({
    core: {
      ...{ firmwareVersion: 'agent 2', securityCounter: 0, interruption: 'erase', bootCheck: 'record' },
      ...{ entry, optionBytes: [] },
    },
    areas: [{ area, plaintext: image }],
  });
}

type Change = (parts: Pieces) => unknown;

async function one(
  name: string,
  fault: FaultCode,
  change: Change,
  state: Partial<ReturnType<typeof defaultState>> = {},
): Promise<PackageCase> {
  const parts = await agentPieces();
  change(parts);
  const file = assemble(parts, { withoutRecords: true });
  return { name, fault, file, ...(Object.keys(state).length > 0 ? { state } : {}) };
}

/** Changes the area of the agent; undefined takes a key out. */
const inArea =
  (key: number, value?: CborInput): Change =>
  ({ core }) => {
    const [area] = core.get(6) as [Map<number, CborInput>];
    if (value === undefined) area.delete(key);
    else area.set(key, value);
  };

export async function agentPackageCases(): Promise<PackageCase[]> {
  const whole = await agentPieces();
  const invalid = (name: string, change: Change) => one(name, 'agent-package-invalid', change);
  const malformed = (name: string, change: Change) => one(name, 'area-malformed', change);
  const firmware = new Map<number, CborInput>([
    [0, 1],
    [1, 0x08040000],
    [2, 32],
  ]);
  return [
    { name: 'an agent', file: assemble(whole), contentKey: whole.contentKey, deviceData: [] },
    await malformed('agent without a counter', inArea(3)),
    await malformed('agent with a counter of 2^31', inArea(3, 2 ** 31)),
    await malformed('agent with an unknown key', inArea(4, 0)),
    await malformed('area of kind 6', inArea(0, 6)),
    await one('agent with null as its digest', 'manifest-malformed', ({ payload }) => payload.set(2, [null])),
    await one('agent whose entry is its header', 'entry-outside-firmware', ({ core }) => core.set(8, slot)),
    await one('agent whose entry is behind its vector table', 'entry-outside-firmware', ({ core }) =>
      core.set(8, entry + 128),
    ),
    await invalid('agent of a header alone', inArea(2, 1024)),
    await invalid('agent beside firmware', ({ core, payload }) => {
      const [agent] = core.get(6) as [Map<number, CborInput>];
      agent.set(1, 0x08010000); // areas are in the order of their addresses
      core.set(8, 0x08010400);
      core.set(6, [...(core.get(6) as CborInput[]), firmware]);
      payload.set(2, [new Uint8Array(32), new Uint8Array(32)]);
    }),
    await invalid('firmware beside an agent ahead of it', ({ core, payload }) => {
      const [agent] = core.get(6) as [Map<number, CborInput>];
      agent.set(1, slot);
      core.set(6, [firmware, agent]).set(8, 0x08040000);
      payload.set(2, [new Uint8Array(32), new Uint8Array(32)]);
    }),
    await invalid('agent under policy resume', ({ core }) => core.set(11, 2)),
    await invalid('agent under policy trial', ({ core }) => core.set(11, 3)),
    await invalid('agent that is measured at boot', ({ core }) => core.set(13, 2)),
    await invalid('agent that asks for option bytes', ({ core }) => core.set(9, [[0, 0x20, 0x20]])),
    await invalid('agent with a security counter', ({ core }) => core.set(5, 1)),
    await one('agent for slot A', 'agent-target-wrong', (parts) => {
      inArea(1, slotA.addressStart)(parts);
      parts.core.set(8, slotA.addressStart + 1024);
    }),
    await one('agent in the place of an application', 'agent-target-wrong', (parts) => {
      inArea(1, 0x08040000)(parts);
      parts.core.set(8, 0x08040400);
    }),
    await one('agent longer than its slot', 'agent-target-wrong', inArea(2, agentCopy.length + 32)),
    await one('agent of the counter that runs', 'agent-counter-rolled-back', inArea(3, 1)),
    await one('agent beside an install that has not ended', 'agent-install-pending', () => {}, {
      installPending: true,
    }),
    await one('agent that wants a newer agent', 'agent-too-old', ({ core }) => core.set(12, 2)),
    await one('agent at a readout level too low', 'readout-level-too-low', () => {}, {
      levelKey: true,
    }),
  ];
}
