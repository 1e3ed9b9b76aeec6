// The owner whose agents a chip takes besides its first one: root, product, epoch, and the agent signer whom
// the anchor is to know (spec/anchor.md section 2). Read and verified before anything is written.

import type { AnchorOwner } from '@firmseal/agent-image';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type Trust, verifyAuthority } from '@firmseal/formats';
import { refuseKnownTestKeys } from '@firmseal/keys';
import { readInput } from '../files.ts';
import { readPublicKey } from '../public-key-file.ts';

/** Undefined without a file. Throws the faults of verifyAuthority. */
export function agentDelegationOf(file: string | undefined, trust: Trust): Bytes | undefined {
  if (file === undefined) return undefined;
  const delegation = readInput(file);
  verifyAuthority(nodeCrypto, { delegation }, { ...trust, role: 'agent-signer' });
  return delegation;
}

export interface OwnerOptions {
  readonly rootKey?: string | undefined;
  readonly product?: string | undefined;
  readonly epoch: number;
  readonly agentDelegation?: string | undefined;
}

/**
 * Undefined where nobody is named. Throws `agent-owner-incomplete` where only a part of an owner is, and the
 * faults of the files.
 */
export function agentOwnerOf(options: OwnerOptions): AnchorOwner | undefined {
  const { rootKey, product, epoch, agentDelegation: file } = options;
  if (rootKey === undefined || product === undefined) {
    if ((rootKey ?? product ?? file) === undefined && epoch === 0) return undefined;
    throw new Fault('agent-owner-incomplete');
  }
  const rootPublicKey = readPublicKey(rootKey);
  refuseKnownTestKeys(rootPublicKey);
  const agentDelegation = agentDelegationOf(file, { rootPublicKey, product, epoch });
  return { rootPublicKey, product, epoch, agentDelegation };
}
