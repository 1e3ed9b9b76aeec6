// Everything that can be known of a package before a chip is there: trust, records, whether it fits each
// chip, what it will change in the option bytes, which boards and licenses go with it.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import {
  type Chip,
  defaultOptionValues,
  fieldMask,
  findChip,
  hexAddress,
  optionField,
} from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { checkLicenseDate, type LicenseBatch, verifyLicense } from '@firmseal/license';
import { type InstallPackage, readInstallPackage } from '@firmseal/programmer';
import { checkForChip, type ManifestCore, protectionAsked } from '@firmseal/seal';
import { agentFiles } from '../agent-image.ts';
import { requireBatchJob } from '../batch/batch-authority.ts';
import { readInput } from '../files.ts';
import { howMany } from '../how-many.ts';
import { jobIdOf } from '../line/read-line-file.ts';
import { trustPackage } from '../line-setup.ts';
import { readBoard } from '../personalization/board-option.ts';
import { readPublicKey } from '../public-key-file.ts';
import { checkBatch } from './check-batch.ts';
import { type Finding, tried } from './finding.ts';

export interface PackageQuestion {
  readonly file: string;
  readonly rootKey: string;
  readonly deviceCaDelegation?: string | undefined;
  /** Id of a chip of the catalogue; every chip of the package when left out. */
  readonly chip?: string | undefined;
  readonly board?: string | undefined;
  /** Folder of standing licenses. */
  readonly licenses?: string | undefined;
  readonly batch?: string | undefined;
  /** That the batch has to be of: an id, or a file that holds one. */
  readonly job?: string | undefined;
  /** Identity records of the chips that the batch has to hold. */
  readonly records?: string | undefined;
}

/** Findings in the order of the checks. What a failed check makes meaningless is left out. */
export function checkPackage(question: PackageQuestion): Finding[] {
  const { file, rootKey, deviceCaDelegation, licenses } = question;
  const findings: Finding[] = [];
  const sealed = tried(findings, file, () => {
    const root = { rootPublicKey: readPublicKey(rootKey) };
    return readInstallPackage(nodeCrypto, readInput(file), root);
  });
  if (sealed === undefined) return findings;
  const { core } = sealed.manifest;
  findings.push({
    ...{ outcome: 'ok', subject: file },
    says:
      `signed under the root, all ${sealed.recordCount} records whole: ${core.product} ` +
      `${core.firmwareVersion}, security counter ${core.securityCounter}`,
  });
  if (deviceCaDelegation !== undefined) {
    const trusted = tried(findings, deviceCaDelegation, () =>
      trustPackage(file, { rootKey, deviceCaDelegation }),
    );
    if (trusted !== undefined)
      findings.push({
        outcome: 'ok',
        subject: deviceCaDelegation,
        says: 'chips of this device CA are taken',
      });
  }
  for (const id of question.chip === undefined ? core.chips : [question.chip])
    checkChip(findings, sealed, { id, board: question.board });
  if (licenses !== undefined) checkLicenses(findings, sealed, licenses);
  const { batch, job, records } = question;
  if (batch !== undefined)
    findings.push(...checkBatch({ file: batch, records, ...expected(sealed, batch, job) }));
  return findings;
}

/** What a batch is held against beside its package. */
function expected({ manifest, trust }: InstallPackage, file: string, job: string | undefined) {
  return {
    trust,
    fits: (batch: LicenseBatch) => {
      if (!equalBytes(batch.manifestDigest, manifest.digest))
        throw new Fault('batch-package-wrong', { file });
      requireBatchJob(file, batch, job === undefined ? undefined : fromHex(jobIdOf(job)));
    },
  };
}

function checkChip(
  findings: Finding[],
  { manifest }: InstallPackage,
  { id, board }: { id: string; board: string | undefined },
): void {
  const chip = tried(findings, id, () => {
    const found = findChip(id);
    checkForChip(manifest, found);
    return found;
  });
  if (chip === undefined) return;
  const { core } = manifest;
  const bytes = core.areas.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  const places = core.areas.map(({ address, lengthBytes }) => `${hexAddress(address)}+${lengthBytes}`);
  findings.push({ outcome: 'ok', subject: id, says: `${bytes} bytes fit: ${places.join(', ')}` });
  findings.push(...optionChanges(chip, core));
  const level = protectionAsked(chip, core);
  findings.push({
    ...{ outcome: 'note', subject: id },
    says: `below readout level ${level} an install ends as UNPROTECTED`,
  });
  const builds = agentFiles(chip).map(({ build }) => build);
  const agents = builds.length === 0 ? 'no agent build' : `agent builds ${builds.join(', ')}`;
  findings.push({
    ...{ outcome: 'note', subject: id },
    says: `${agents} in this installation; the package takes agents from version ${core.leastAgentVersion}`,
  });
  if (board === undefined) return;
  const found = tried(findings, board, () => readBoard(board, chip));
  if (found !== undefined) findings.push({ outcome: 'ok', subject: board, says: `a board with ${id}` });
}

/** Against the option bytes as the factory delivers them. */
function optionChanges(chip: Chip, { optionBytes }: ManifestCore): Finding[] {
  const before = defaultOptionValues(chip);
  return optionBytes.flatMap(({ register, mask, value }) => {
    const after = new Map(before).set(
      register,
      (((before.get(register) ?? 0) & ~mask) | (value & mask)) >>> 0,
    );
    const fields = chip.options.registers[register]?.fields ?? [];
    return fields
      .filter((field) => (fieldMask(field) & mask) !== 0)
      .map((field): Finding => {
        const [from, to] = [optionField(chip, before, field.name), optionField(chip, after, field.name)];
        const hex = (one: number) => `0x${one.toString(16)}`;
        const says = from === to ? `stays ${hex(from)}` : `${hex(from)} -> ${hex(to)}`;
        return { outcome: from === to ? 'ok' : 'change', subject: `${chip.id} ${field.name}`, says };
      });
  });
}

function checkLicenses(findings: Finding[], { manifest, trust }: InstallPackage, folder: string): void {
  if (!existsSync(folder)) {
    tried(findings, folder, () => {
      throw new Fault('file-missing', { file: folder, action: 'read', reason: 'ENOENT' });
    });
    return;
  }
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.license$/.test(name));
  let sound = 0;
  for (const name of names) {
    const path = join(folder, name);
    const isSound = tried(findings, path, () => {
      const { terms } = verifyLicense(nodeCrypto, { bundle: readInput(path), ...trust });
      if (!equalBytes(terms.manifestDigest, manifest.digest)) throw new Fault('license-manifest-wrong');
      if (`${toHex(terms.thumbprint)}.license` !== name) throw new Fault('license-device-wrong');
      checkLicenseDate(terms, new Date());
      return true;
    });
    if (isSound) sound++;
  }
  findings.push({
    ...{ outcome: sound > 0 ? 'ok' : 'note', subject: folder },
    says: `${howMany(sound, 'license')} for this package`,
  });
}
