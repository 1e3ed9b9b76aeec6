// `firmseal keys revoke`: ends a delegation by opening the next epoch, and in the same step delegates again
// to every key that stays, so that certificates and packages in circulation stay valid (spec/delegation.md
// section 4). Standing licenses of the product end; the authority's evidence says which they are.

import { basename, join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { AuthorityClient } from '@firmseal/authority-client';
import { decodeEvidenceLine } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { makeFolder, writeNewFiles } from '@firmseal/files';
import {
  type Delegation,
  makeDelegation,
  makeEpochStatement,
  readDelegationUnverified,
  verifyAuthority,
} from '@firmseal/formats';
import { inspectKeyFile } from '@firmseal/keys';
import { makeStationDelegation, readStationDelegationUnverified, verifyStation } from '@firmseal/station';
import { type AuthorityOptions, accessAuthority } from '../../authority-access.ts';
import type { Face } from '../../face.ts';
import { readInput } from '../../files.ts';
import { collect, examples, number, passphraseOption, productOption } from '../../options.ts';
import { withRootKey } from '../../root-key.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

interface DelegationFile {
  readonly file: string;
  readonly delegation: Pick<Delegation, 'publicKey' | 'epoch'> & { readonly role: string };
  /** The same in the new epoch. */
  readonly again: (root: CoseSigner, epoch: number) => Promise<Bytes>;
}

/** What only stations have beside it (spec/station.md section 1); undefined for any other delegation. */
function asStation(delegation: Uint8Array) {
  try {
    return readStationDelegationUnverified(nodeCrypto, delegation);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}

/** Verified under the root, whatever its epoch. Throws the faults of a delegation. */
function readDelegation(file: string, rootPublicKey: Uint8Array, product: string): DelegationFile {
  const delegation = readInput(file);
  if (asStation(delegation) !== undefined) {
    const station = verifyStation(nodeCrypto, delegation, { rootPublicKey, product });
    const again = (root: CoseSigner, epoch: number) =>
      makeStationDelegation(nodeCrypto, root, { ...station, epoch });
    return { file, delegation: { ...station, role: 'station' }, again };
  }
  const { role } = readDelegationUnverified(nodeCrypto, delegation);
  const { delegate } = verifyAuthority(nodeCrypto, { delegation }, { rootPublicKey, product, role });
  const again = (root: CoseSigner, epoch: number) => makeDelegation(nodeCrypto, root, { ...delegate, epoch });
  return { file, delegation: delegate, again };
}

const sameKey = (a: DelegationFile['delegation'], b: DelegationFile['delegation']): boolean =>
  a.role === b.role && equalBytes(a.publicKey, b.publicKey);

/** Throws `delegation-kept-and-revoked`, `output-names-equal`. */
function checkChoice(ended: readonly DelegationFile[], kept: readonly DelegationFile[]): void {
  for (const one of kept) {
    const twin = ended.find(({ delegation }) => sameKey(delegation, one.delegation));
    if (twin) throw new Fault('delegation-kept-and-revoked', { kept: one.file, revoked: twin.file });
    const other = kept.find(({ file }) => file !== one.file && basename(file) === basename(one.file));
    if (other) throw new Fault('output-names-equal', { first: one.file, second: other.file });
  }
}

/** Tells each standing license of the product that the authority has issued; resolves to their number. */
async function tellStanding(face: Face, authority: AuthorityClient, product: string): Promise<number> {
  const jobs = new Set<string>();
  let [count, number] = [0, 0];
  for await (const text of authority.exportEvidence()) {
    const line = decodeEvidenceLine(text, ++number);
    if (line.kind === 'job' && line.product === product) jobs.add(toHex(line.job));
    if (line.kind !== 'license' || line.mode !== 'standing' || !jobs.has(toHex(line.job))) continue;
    count++;
    const [job, license, device] = [line.job, line.licenseId, line.thumbprint].map((one) => toHex(one));
    face.tell(
      { event: 'license-ends', job, license, unitIndex: line.unitIndex, device },
      `standing license ${license} ends: job ${job}, unit ${line.unitIndex}, device ${device}`,
    );
  }
  return count;
}

/** What an owner gives to look at the licenses; undefined where nothing was given. */
function accessOf(
  authority: string | undefined,
  tokenFile: string | undefined,
): AuthorityOptions | undefined {
  if (authority === undefined && tokenFile === undefined) return undefined;
  if (authority !== undefined && tokenFile !== undefined) return { authority, tokenFile };
  throw new Fault('command-line-invalid', {
    command: 'firmseal keys revoke',
    detail: '--authority and --token-file belong together',
  });
}

export const command = (shell: Shell) =>
  new Command()
    .requiredOption('--root <file>', 'the root key')
    .addOption(productOption())
    .requiredOption('--revoke <file>', 'delegation that ends (repeat)', collect)
    .option('--keep <file>', 'delegation that stays: it is made again in the new epoch (repeat)', collect, [])
    .option(
      '--epoch <number>',
      'the epoch that begins; default: the one after all delegations',
      number({ least: 1 }),
    )
    .requiredOption('--out <folder>', 'new folder for the epoch statement and the new delegations')
    .option('--authority <url>', 'authority whose standing licenses are listed')
    .option('--token-file <file>', "the owner's or an auditor's token for it")
    .addOption(passphraseOption('the root key'))
    .addHelpText(
      'after',
      examples(
        'keys revoke --root root.key --product panel --revoke signer.delegation \\\n' +
          '      --keep issuer.delegation --keep ca.delegation --out epoch-1',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, out } = options;
        const given = accessOf(options.authority, options.tokenFile);
        const access = given === undefined ? undefined : accessAuthority(face, given);
        const { publicKey: rootPublicKey } = await inspectKeyFile(options.root);
        const read = (files: readonly string[]) =>
          files.map((file) => readDelegation(file, rootPublicKey, product));
        const [ended, kept] = [read(options.revoke), read(options.keep)];
        checkChoice(ended, kept);
        const newest = Math.max(...[...ended, ...kept].map(({ delegation }) => delegation.epoch));
        const epoch = options.epoch ?? newest + 1;
        if (epoch <= newest) throw new Fault('epoch-not-new', { epoch, newest });
        const statement = `epoch-${epoch}`;
        const standing = await makeFolder(out, async (folder) => {
          // The signatures come last: whatever can fail has been tried then.
          const count = access === undefined ? undefined : await tellStanding(face, access, product);
          await withRootKey(face, options, async (root) => {
            const made = [
              { name: statement, bytes: await makeEpochStatement(nodeCrypto, root, { product, epoch }) },
            ];
            for (const { file, again } of kept)
              made.push({ name: basename(file), bytes: await again(root, epoch) });
            writeNewFiles(made.map(({ name, bytes }) => ({ path: join(folder, name), parts: [bytes] })));
          });
          return count;
        });
        const files = [statement, ...kept.map(({ file }) => basename(file))].map((name) => join(out, name));
        face.tell(
          {
            ...{ event: 'revoked', folder: out, product, epoch },
            ...{ revoked: options.revoke, files },
            ...(standing === undefined ? {} : { standingLicensesEnding: standing }),
          },
          ...options.revoke.map((file) => `${file}: ends with epoch ${epoch} of ${product}`),
          ...files.map((file) => `${file}: made for epoch ${epoch}`),
          standing === undefined
            ? 'Standing licenses of the product end too; --authority lists them.'
            : `standing licenses that end: ${standing}`,
          'Next: give the new delegations to `firmseal authority add-product`, and to `firmseal seal`,' +
            ` with --epoch-statement ${join(out, statement)}.`,
        );
      }),
    );
