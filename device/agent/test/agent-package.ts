// Packages that bring an agent: the WebAssembly build of a chip, signed by the test owner's agent signer.

import { signAgentImage } from '@firmseal/agent-image';
import type { Bytes } from '@firmseal/bytes';
import { agentHeaderBytes, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { Area, SealInputs } from '@firmseal/seal';
import { agentCode } from '@firmseal/virtual-stm32';
import { buildAgentOfVersion } from '../build.ts';
import { delegate, makePackage, product, root, signerOf, type TestPackage } from './trusted-site.ts';

export interface AgentChange {
  /** As hellos say it; 2 when left out. */
  readonly version?: number;
  /** Of the image; its version when left out. */
  readonly counter?: number;
  /** Instead of the build's, from the vector table on. */
  readonly code?: Uint8Array;
  /** What the statement says. */
  readonly statedChip?: string;
  readonly statedProduct?: string;
  readonly delegation?: Bytes;
  /** Instead of a signed one. */
  readonly image?: Bytes;
  /** What the manifest says of it. */
  readonly area?: Partial<{ address: number; agentCounter: number }>;
  readonly core?: Partial<SealInputs['core']>;
  readonly chipId?: string;
  /** Of the package signer. */
  readonly packageDelegation?: Bytes;
}

export const agentDelegation = (change: { epoch?: number; counterCap?: number; product?: string } = {}) =>
  delegate('agent-signer', 'agent signer', change);

const codes = new Map<string, Promise<Uint8Array>>();

function codeOf(chipId: string, version: number): Promise<Uint8Array> {
  const name = `${chipId} ${version}`;
  const made =
    codes.get(name) ??
    buildAgentOfVersion(chipId, version).then((module) => agentCode(module, findChip(chipId)));
  codes.set(name, made);
  return made;
}

export async function agentImageOf(chipId: string, change: AgentChange = {}): Promise<Bytes> {
  if (change.image) return change.image;
  const version = change.version ?? 2;
  return signAgentImage(crypto, signerOf('agent signer'), {
    ...{ product: change.statedProduct ?? product, chipId: change.statedChip ?? chipId },
    ...{ agentVersion: version, counter: change.counter ?? version },
    code: change.code ?? (await codeOf(chipId, version)),
    delegation: change.delegation ?? (await agentDelegation()),
    rootPublicKey: root.publicKey,
  });
}

export async function agentPackage(chipId: string, change: AgentChange = {}): Promise<TestPackage> {
  const image = await agentImageOf(chipId, change);
  const { agentCopy } = findChip(chipId).layout;
  const area: Area = {
    ...{ kind: 'agent' as const, address: agentCopy.addressStart, lengthBytes: image.length },
    ...{ agentCounter: change.counter ?? change.version ?? 2, ...change.area },
  };
  return makePackage(change.chipId ?? chipId, {
    core: {
      ...{ firmwareVersion: 'agent', securityCounter: 0, interruption: 'erase', bootCheck: 'record' },
      ...{ entry: area.address + agentHeaderBytes, optionBytes: [], chunkSizeBytes: 4096 },
      ...change.core,
    },
    areas: [{ area, plaintext: image }],
    ...(change.packageDelegation ? { delegation: change.packageDelegation } : {}),
  });
}
