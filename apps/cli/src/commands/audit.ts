// `firmseal audit`: fetches the evidence, or reads a copy of it, and checks it here, with keys of the owner's
// own; the authority's verdict on itself is not asked for.

import { existsSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { verifyApprovalPolicy } from '@firmseal/approval';
import {
  type AuditedInstall,
  type AuditedOutcome,
  type AuditOptions,
  type AuditResult,
  type AuditTrust,
  audit,
  auditLedger,
  type JobSummary,
  type LedgerAuditResult,
} from '@firmseal/audit';
import { formatHead, parseHead } from '@firmseal/authority';
import { mostEvidenceLineBytes } from '@firmseal/authority-contract';
import { type Bytes, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { readLines, refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { verifyAuthority } from '@firmseal/formats';
import { accessAuthority, jobId } from '../authority-access.ts';
import { keepLines } from '../evidence-file.ts';
import type { Face } from '../face.ts';
import { readInput, readText } from '../files.ts';
import { howMany } from '../how-many.ts';
import { auditPace, paced } from '../ledger/audit-pace.ts';
import { readAuditProgress, writeAuditProgress } from '../ledger/audit-progress.ts';
import { ledgerSource } from '../ledger/ledger-source.ts';
import {
  leastWitnessesOption,
  logKeyOption,
  requireLedgerTrust,
  type TrustFiles,
  witnessKeyOption,
} from '../ledger/note-keys.ts';
import { collect, examples, number, productOption, rootKeyOption } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { openReceiptFolder } from '../receipt-folder.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { keepYoungGenerationSmall } from '../small-heap.ts';
import { openStatementFolder } from '../statement-folder.ts';
import { showTime } from '../times.ts';
import { outcomesText, provenText, statedText } from '../unit-view.ts';

interface AuditInputs {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly evidence?: string | undefined;
  readonly keep?: string | undefined;
}

/** Lines of evidence: from the authority, or from a file that an earlier audit kept. */
function sourceOf(face: Face, { authority, tokenFile, evidence }: AuditInputs): AsyncIterable<string> {
  if (evidence !== undefined) return readLines(evidence, mostEvidenceLineBytes);
  if (authority === undefined || tokenFile === undefined)
    throw new Fault('command-line-invalid', {
      command: 'firmseal audit',
      detail:
        'give --authority and --token-file, --ledger with a folder or an address, or --evidence with a file that an audit kept',
    });
  return accessAuthority(face, { authority, tokenFile }).exportEvidence();
}

function evidenceOf(face: Face, inputs: AuditInputs): AsyncIterable<string> {
  const lines = sourceOf(face, inputs);
  return inputs.keep === undefined ? lines : keepLines(inputs.keep, lines);
}

interface LedgerInputs extends TrustFiles {
  readonly ledger: string;
  readonly tokenFile?: string | undefined;
  readonly job?: Bytes | undefined;
  readonly unit?: number | undefined;
  readonly progress?: string | undefined;
}

/** By the files of the ledger, one unit or all. Throws what auditLedger and readAuditProgress throw. */
async function auditByLedger(
  face: Face,
  inputs: LedgerInputs,
  options: AuditOptions & { keys: string },
): Promise<LedgerAuditResult> {
  const { job, unit, progress: path } = inputs;
  const ledger = requireLedgerTrust(inputs);
  if (unit !== undefined && job === undefined)
    throw new Fault('command-line-invalid', { command: 'firmseal audit', detail: '--unit needs --job' });
  const subject = { origin: ledger.log.name, trust: options.keys };
  const progress = path === undefined ? undefined : readAuditProgress(path, subject);
  if (path !== undefined) refuseUnwritable(path);
  const result = await auditLedger(nodeCrypto, ledgerSource(face, inputs), {
    ...{ ...options, ledger, progress, onWork: auditPace(face) },
    ...(job === undefined ? {} : { only: { job: toHex(job), unit } }),
    ...(path === undefined ? {} : { onProgress: (now) => writeAuditProgress(path, subject, now) }),
  });
  const { checkpoint, unitCount } = result;
  if (checkpoint !== undefined) {
    const { origin, size, cosigned } = checkpoint;
    const witnesses = cosigned.map(({ name }) => name);
    face.tell(
      { event: 'ledger', origin, size, witnesses, units: unitCount },
      `ledger ${origin}: ${size} entries, cosigned by ${witnesses.join(', ') || 'no witness that was asked for'}; ` +
        `signatures of ${howMany(unitCount, 'unit')} verified now`,
    );
  }
  return result;
}

/**
 * The head of an earlier audit. Throws `head-not-remembered` for a file that is not there,
 * unless this audit is the first.
 */
function rememberedHead(file: string | undefined, first: boolean) {
  if (file === undefined) return [];
  if (!existsSync(file)) {
    if (first) return [];
    throw new Fault('head-not-remembered', { file });
  }
  const head = parseHead(readText(file));
  if (head === undefined) throw new Fault('head-malformed', { file });
  return [head];
}

function tellInstall(face: Face, install: AuditedInstall): void {
  if (face.json) face.event({ event: 'install', ...install });
  else face.lines(installText(install));
}

function installText(install: AuditedInstall): string {
  const { job, unitIndex, chip, thumbprint, firmwareVersion, storedAtMs, receiptDigest, sbomDigest } =
    install;
  const sbom = sbomDigest === undefined ? '' : `, SBOM ${sbomDigest}`;
  return (
    `job ${job}, unit ${unitIndex}: ${chip} ${thumbprint}, version ${firmwareVersion}, ${showTime(storedAtMs)}, ` +
    `${provenText(install)}, receipt ${receiptDigest}${sbom}`
  );
}

function tellStated(face: Face, outcome: AuditedOutcome): void {
  const { job, unitIndex, chip, holder, firmwareVersion, storedAtMs, outcomeDigest } = outcome;
  const version = firmwareVersion === undefined ? '' : `version ${firmwareVersion}, `;
  face.tell(
    { event: 'stated', ...outcome },
    `job ${job}, unit ${unitIndex}: ${chip} ${holder}, WITHOUT PROOF: ${statedText(outcome)}, ` +
      `${version}${showTime(storedAtMs)}, statement ${outcomeDigest}`,
  );
}

function tellJob(face: Face, summary: JobSummary): void {
  const { job, product, quota, units, voided, licenses, receipts, installed, outcomes, stated } = summary;
  const { unitsWithoutLicense, unitsWithoutReceipt, hasKeys } = summary;
  const said = outcomesText(stated).replace(/, $/, '');
  face.tell(
    { event: 'job', ...summary },
    `job ${job}: ${product}, quota ${quota}, units ${units}, voided ${voided}, licenses ${licenses}, ` +
      `receipts ${receipts}, ${hasKeys ? `installed ${installed}` : 'NOT VERIFIED'}, ${outcomesText(outcomes)}` +
      `units without license ${unitsWithoutLicense}, units without receipt ${unitsWithoutReceipt}` +
      (said === '' ? '' : `; without proof, by stations: ${said}`),
  );
}

function tellVerdict(
  face: Face,
  { findings, findingCount, notices, ok, identityCount, head }: AuditResult,
): void {
  for (const finding of findings) {
    const { code, subject, detail } = finding;
    face.tell({ event: 'finding', ...finding }, `FINDING ${code}: ${subject}: ${detail}`);
  }
  for (const notice of notices)
    face.tell({ event: 'notice', ...notice }, `NOTICE ${notice.code}: ${notice.detail}`);
  face.tell(
    {
      event: 'audit',
      ok,
      findings: findingCount,
      notices: notices.length,
      identityCount,
      head: formatHead(head),
    },
    ...(identityCount === 0 ? [] : [`identities recorded: ${identityCount}`]),
    `log ${formatHead(head)}`,
    ok ? 'audit: no contradiction' : `audit: FAILED, ${findingCount} contradictions`,
  );
}

/** The policy with the highest number is in force. Throws `approval-policy-*`. */
function readPolicies(
  files: readonly string[],
  trust: { rootPublicKey: Uint8Array; product: string },
): Pick<AuditTrust, 'approvalPolicy' | 'earlierPolicies'> {
  const [approvalPolicy, ...earlierPolicies] = files
    .map((file) => verifyApprovalPolicy(nodeCrypto, readInput(file), trust))
    .sort((a, b) => b.number - a.number);
  return approvalPolicy === undefined ? {} : { approvalPolicy, earlierPolicies };
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(new Option('--authority <url>', 'address of the authority'))
    .addOption(new Option('--token-file <file>', "file with an owner's or an auditor's token"))
    .option('--evidence <file>', 'audit this copy of the evidence, without an authority')
    .option('--keep <file>', 'keep a copy of the evidence, to audit it again later')
    .option(
      '--receipts <folder>',
      'write a receipt file for each install, for `firmseal verify receipt`, and an outcome file for what stations say without proof',
    )
    .option(
      '--ledger <place>',
      'audit the files of a ledger instead: a folder, or their address (docs/ledger.md)',
    )
    .addOption(logKeyOption())
    .addOption(witnessKeyOption())
    .addOption(leastWitnessesOption())
    .addOption(new Option('--job <id>', 'of the ledger, only the units of this job').argParser(jobId))
    .addOption(new Option('--unit <number>', 'of the job, only this unit').argParser(number()))
    .option(
      '--progress <file>',
      'note how far the audit of the ledger has come, and go on from there: signatures are verified once',
    )
    .addOption(rootKeyOption())
    .addOption(productOption())
    .requiredOption(
      '--device-ca-delegation <file>',
      'delegation of the device CA whose chips may have receipts',
    )
    .option(
      '--approval-policy <file>',
      'how many approvers have to sign, as the root says; earlier policies too (repeat)',
      collect,
    )
    .option(
      '--remember <file>',
      'file that keeps the last seen head of the log; the audit checks that it is still in the log',
    )
    .option('--first', 'there was no audit before this one: --remember names a file to be made')
    .addHelpText(
      'after',
      examples(
        'audit --authority http://127.0.0.1:7443 --token-file auditor.token \\\n' +
          '      --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
        'audit --ledger ledger --log-key ledger.vkey --witness-key witness.vkey --progress audit.json \\\n' +
          '      --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, remember, first = false, keep, ledger } = options;
        keepYoungGenerationSmall();
        if (keep !== undefined) refuseUnwritable(keep);
        const lines = ledger === undefined ? evidenceOf(face, options) : undefined;
        const known = rememberedHead(remember, first);
        if (remember !== undefined) refuseUnwritable(remember);
        const rootPublicKey = readPublicKey(options.rootKey);
        const delegation = readInput(options.deviceCaDelegation);
        const receipts = openReceiptFolder(options.receipts, delegation);
        const statements = openStatementFolder(options.receipts);
        const { delegate: deviceCa } = verifyAuthority(
          nodeCrypto,
          { delegation },
          { rootPublicKey, role: 'device-ca', product },
        );
        const policies = readPolicies(options.approvalPolicy ?? [], { rootPublicKey, product });
        const trust = { product, rootPublicKey, deviceCaKeys: [deviceCa.publicKey], ...policies };
        const checks: AuditOptions = {
          products: new Map([[product, trust]]),
          known,
          ...(options.evidence === undefined && ledger === undefined ? { nowMs: Date.now() } : {}),
          onInstall: (install, objects) => {
            tellInstall(face, install);
            receipts?.keep(install.thumbprint, objects);
          },
          onStated: (outcome, file) => {
            tellStated(face, outcome);
            statements?.keep(outcome.holder, file);
          },
        };
        const keys = toHex(nodeCrypto.sha256(rootPublicKey, deviceCa.publicKey, utf8(product)));
        const result =
          ledger === undefined
            ? await audit(nodeCrypto, paced(lines!, auditPace(face)), checks)
            : await auditByLedger(face, { ...options, ledger }, { ...checks, keys });
        for (const job of result.jobs) tellJob(face, job);
        tellVerdict(face, result);
        if (!result.ok) throw new Fault('audit-failed', { count: result.findingCount });
        if (remember !== undefined) writeWholeFile(remember, [utf8(`${formatHead(result.head)}\n`)]);
      }),
    );
