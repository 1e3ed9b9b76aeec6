// `firmseal keys`: key files, delegations and epoch statements of the owner.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import {
  makeDelegation,
  makeEpochStatement,
  readDelegationUnverified,
  readEpochStatementUnverified,
  roles,
} from '@firmseal/formats';
import { createKeyFile, inspectKeyFile, type KeyRole, keyRoles, openKeyFile, signerOf } from '@firmseal/keys';
import { readInput, refuseExisting, writeOutput } from '../files.ts';
import { readChoice, readNumber } from '../numbers.ts';
import { readPassphrase } from '../passphrase.ts';
import { readPublicKey, writePublicKey } from '../public-key-file.ts';

interface NewOptions {
  role: string;
  out: string;
  passphraseFile?: string;
}

export async function newKey(options: NewOptions): Promise<void> {
  const role = readChoice<KeyRole>(options.role, '--role', keyRoles);
  refuseExisting(options.out, `${options.out}.pub`);
  const passphrase = await readPassphrase(`the new key ${options.out}`, options.passphraseFile);
  const { publicKey } = await createKeyFile(nodeCrypto, {
    path: options.out,
    role,
    passphrase,
    now: new Date(),
  });
  writePublicKey(`${options.out}.pub`, publicKey);
  process.stdout.write(`${options.out}: ${role} key, public key in ${options.out}.pub\n`);
}

interface RootOptions {
  root: string;
  product: string;
  epoch: string;
  out: string;
  passphraseFile?: string;
}

async function openRoot({ root, passphraseFile }: RootOptions) {
  const passphrase = await readPassphrase(`the root key ${root}`, passphraseFile);
  const key = await openKeyFile(nodeCrypto, { path: root, passphrase, role: 'root' });
  return { signer: signerOf(nodeCrypto, key), wipe: () => key.privateKey.wipe() };
}

export async function delegate(
  options: RootOptions & { key: string; role: string; counterCap: string },
): Promise<void> {
  const role = readChoice(options.role, '--role', roles);
  refuseExisting(options.out);
  const publicKey = readPublicKey(options.key);
  const counterCap = readNumber(options.counterCap, '--counter-cap');
  const epochNumber = readNumber(options.epoch, '--epoch');
  const root = await openRoot(options);
  const { product } = options;
  const delegation = { role, publicKey, product, counterCap, epoch: epochNumber };
  writeOutput(options.out, [await makeDelegation(nodeCrypto, root.signer, delegation)]);
  root.wipe();
  process.stdout.write(
    `${options.out}: ${role} for ${product}, counters up to ${counterCap}, epoch ${epochNumber}\n`,
  );
}

export async function epoch(options: RootOptions): Promise<void> {
  refuseExisting(options.out);
  const epochNumber = readNumber(options.epoch, '--epoch', { least: 1 });
  const root = await openRoot(options);
  const statement = await makeEpochStatement(nodeCrypto, root.signer, {
    product: options.product,
    epoch: epochNumber,
  });
  writeOutput(options.out, [statement]);
  root.wipe();
  process.stdout.write(`${options.out}: delegations of ${options.product} before epoch ${epochNumber} end\n`);
}

/** What the file is, by its content: a key file, or a signed object of the root. */
async function describe(file: string): Promise<Record<string, unknown>> {
  const bytes = readInput(file);
  if (bytes[0] === 0x7b) {
    const { role, created, publicKey } = await inspectKeyFile(file);
    return { kind: 'key', role, created, publicKey: toHex(publicKey) };
  }
  try {
    const delegation = readDelegationUnverified(nodeCrypto, bytes);
    return { kind: 'delegation', ...delegation, publicKey: toHex(delegation.publicKey) };
  } catch (cause) {
    try {
      return { kind: 'epoch statement', ...readEpochStatementUnverified(bytes) };
    } catch {
      throw cause;
    }
  }
}

export async function show(file: string, { json = false }: { json?: boolean }): Promise<void> {
  const description = await describe(file);
  if (json) process.stdout.write(`${JSON.stringify(description)}\n`);
  else
    for (const [name, value] of Object.entries(description))
      process.stdout.write(`${name.padEnd(12)} ${value}\n`);
}
