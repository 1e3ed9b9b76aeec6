// A desk's folder: root, package signer, device CA and agent signer with their keys, what the root delegates
// to them, and an authority that issues licenses for one product.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeApprovalPolicy } from '@firmseal/approval';
import { type Bytes, type Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { type NewFile, writeNewFiles } from '@firmseal/files';
import { makeDelegation, type Role } from '@firmseal/formats';
import { makeKey, openKeyFile, type ScryptCost, signerOf } from '@firmseal/keys';
import { writeProduct } from '../authority-folder.ts';
import { makeAuthority } from '../make-authority.ts';
import { publicKeyFile } from '../public-key-file.ts';
import { type DeskFile, deskFormat } from './desk-file.ts';

/** Names in the folder. */
export const deskNames = {
  root: 'root.key',
  signer: 'signer.key',
  deviceCa: 'ca.key',
  approver: 'approver.key',
  agentSigner: 'agent.key',
  signerDelegation: 'signer.delegation',
  deviceCaDelegation: 'ca.delegation',
  agentSignerDelegation: 'agent.delegation',
  issuerDelegation: 'issuer.delegation',
  approverDelegation: 'approver.delegation',
  approvalPolicy: 'approval.policy',
  authority: 'authority',
} as const;

const mostCounter = 2 ** 31 - 1;

/** Fills the folder. `scryptCost` is for tests. Throws what writing files and the store throw. */
export async function makeDesk(
  folder: string,
  { product, passphrase, scryptCost }: { product: string; passphrase: Secret; scryptCost?: ScryptCost },
): Promise<void> {
  const at = (name: string) => join(folder, name);
  const cost = scryptCost === undefined ? {} : { scryptCost };
  const files: NewFile[] = [];
  const publicKeys: Partial<Record<keyof typeof deskNames, Bytes>> = {};
  for (const [name, role] of [
    ['root', 'root'],
    ['signer', 'package-signer'],
    ['deviceCa', 'device-ca'],
    ['approver', 'approver'],
    ['agentSigner', 'agent-signer'],
  ] as const) {
    const { info, file } = await makeKey(nodeCrypto, { role, passphrase, now: new Date(), ...cost });
    const path = at(deskNames[name]);
    files.push({ path: `${path}.pub`, parts: [publicKeyFile(info.publicKey)] });
    files.push({ path, parts: [file], mode: 0o600 });
    publicKeys[name] = info.publicKey as Bytes;
  }
  // Keys have no business in a repository; the desk file may be in one.
  writeNewFiles([...files, { path: at('.gitignore'), parts: [utf8('*\n')] }]);
  mkdirSync(at(deskNames.authority), { mode: 0o700 });
  const authority = await makeAuthority(at(deskNames.authority), passphrase, cost);

  const root = await openKeyFile(nodeCrypto, { path: at(deskNames.root), passphrase, role: 'root' });
  try {
    const signer = signerOf(nodeCrypto, root);
    const delegate = (role: Role, publicKey: Bytes) =>
      makeDelegation(nodeCrypto, signer, { role, publicKey, product, counterCap: mostCounter, epoch: 0 });
    const issuerDelegation = await delegate('license-issuer', authority.issuerPublicKey);
    const deviceCaDelegation = await delegate('device-ca', publicKeys.deviceCa!);
    const signerDelegation = await delegate('package-signer', publicKeys.signer!);
    const approverDelegation = await delegate('approver', publicKeys.approver!);
    // The desk of one person: he approves alone, with a key of his own.
    const approvalPolicy = await makeApprovalPolicy(nodeCrypto, signer, { product, threshold: 1, number: 1 });
    const agentSignerDelegation = await delegate('agent-signer', publicKeys.agentSigner!);
    writeNewFiles([
      { path: at(deskNames.signerDelegation), parts: [signerDelegation] },
      { path: at(deskNames.deviceCaDelegation), parts: [deviceCaDelegation] },
      { path: at(deskNames.issuerDelegation), parts: [issuerDelegation] },
      { path: at(deskNames.approverDelegation), parts: [approverDelegation] },
      { path: at(deskNames.approvalPolicy), parts: [approvalPolicy] },
      { path: at(deskNames.agentSignerDelegation), parts: [agentSignerDelegation] },
    ]);
    writeProduct(at(deskNames.authority), {
      ...{ product, rootPublicKey: root.publicKey as Bytes, issuerDelegation },
      deviceCaDelegations: [deviceCaDelegation],
      approvalPolicyObject: approvalPolicy,
    });
  } finally {
    root.close();
  }
}

/** The desk file for a folder that makeDesk filled; `folder` relative to the file. */
export function deskFileFor(folder: string, { product, chip, url, sockets, ways }: DeskPlan): DeskFile {
  const at = (name: string) => `${folder}/${name}`;
  const authority = at(deskNames.authority);
  const places = {
    ...(sockets === undefined ? {} : { sockets: [...sockets] }),
    ...(ways === undefined ? {} : { ways: [...ways] }),
  };
  return {
    format: deskFormat,
    product,
    chip,
    keys: {
      root: at(deskNames.root),
      rootPublic: `${at(deskNames.root)}.pub`,
      signer: at(deskNames.signer),
      signerDelegation: at(deskNames.signerDelegation),
      deviceCa: at(deskNames.deviceCa),
      deviceCaDelegation: at(deskNames.deviceCaDelegation),
      agentSigner: at(deskNames.agentSigner),
      agentSignerDelegation: at(deskNames.agentSignerDelegation),
      issuerDelegation: at(deskNames.issuerDelegation),
      authorityPublic: `${authority}/kem.key.pub`,
      approver: at(deskNames.approver),
      approverDelegation: at(deskNames.approverDelegation),
      approvalPolicy: at(deskNames.approvalPolicy),
    },
    authority: { url, folder: authority, token: `${authority}/owner.token` },
    line: { job: at('job.id'), token: at('line.token') },
    ...(Object.keys(places).length === 0 ? {} : { places }),
  };
}

export interface DeskPlan {
  readonly product: string;
  readonly chip: string;
  /** Address of the authority. */
  readonly url: string;
  readonly sockets?: readonly string[] | undefined;
  readonly ways?: readonly string[] | undefined;
}
