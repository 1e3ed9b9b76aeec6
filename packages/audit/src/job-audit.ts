// The audit of one job while its lines come in: rows against the log, and every signature in them against the
// owner's root and the device CA. Rows come unit by unit, so that no more than one chip is held in memory. A
// delegation that was ended by a later epoch still counts for what was signed under it.

import type { EvidenceOf } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyDevice } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { type DevicePublic, sameOrigin } from '@firmseal/formats';
import {
  judgeReceipt,
  type Outcome,
  type Receipt,
  type Verdict,
  type VerifiedLicense,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import { decodeHeader, type Manifest, verifyHeader } from '@firmseal/seal';
import type { OutcomeFile, StationResult } from '@firmseal/station';
import { ApprovalAudit } from './approval-audit.ts';
import { demand } from './demand.ts';
import { EarlierUnits, type UnitScope } from './earlier-units.ts';
import type { FindingCode, Notice } from './findings.ts';
import type { AuditedInstall, InstallObjects, JobSummary } from './job-summary.ts';
import type { LoggedJob } from './logged-job.ts';
import type { LoggedAlarm } from './logged-state.ts';
import { RowsAgainstLog } from './rows-against-log.ts';
import { type AuditedOutcome, StationUnit } from './station-audit.ts';
import type { AuditTrust } from './trust.ts';

export interface JobAuditOptions {
  readonly crypto: Crypto;
  readonly logged: LoggedJob | undefined;
  readonly trust: AuditTrust | undefined;
  /** Of the whole log. */
  readonly alarms: ReadonlyMap<number, LoggedAlarm>;
  readonly report: (code: FindingCode, subject: string, detail: string) => void;
  readonly notice: (notice: Notice) => void;
  readonly onInstall: (install: AuditedInstall, objects: InstallObjects) => void;
  readonly onStated: (outcome: AuditedOutcome, file: OutcomeFile) => void;
  readonly scopeOf: (unit: number) => UnitScope;
}

interface OpenUnit {
  readonly row: EvidenceOf<'unit'>;
  readonly device: DevicePublic | undefined;
  /** Where the unit has no certificate. */
  readonly station: StationUnit | undefined;
  readonly verified: Map<string, { license: VerifiedLicense; bundle: Bytes }>;
  licenses: number;
  /** What the row of the newest receipt says. */
  outcome: Outcome | undefined;
  /** By the newest receipt. */
  install: { audited: AuditedInstall; objects: InstallObjects } | undefined;
}

export class JobAudit {
  readonly name: string;
  readonly #options: JobAuditOptions;
  readonly #row: EvidenceOf<'job'>;
  readonly #manifests = new Map<string, { manifest: Manifest; header: Bytes }>();
  readonly #rows: RowsAgainstLog;
  readonly #approvals: ApprovalAudit | undefined;
  #unit: OpenUnit | undefined;
  readonly #counts = {
    ...{ units: 0, voided: 0, licenses: 0, receipts: 0, installed: 0 },
    ...{ unitsWithoutLicense: 0, unitsWithoutReceipt: 0 },
  };

  readonly #outcomes: Partial<Record<Outcome, number>> = {};
  readonly #stated: Partial<Record<StationResult, number>> = {};

  constructor(row: EvidenceOf<'job'>, options: JobAuditOptions) {
    this.#row = row;
    this.#options = options;
    this.name = toHex(row.job);
    const { logged, crypto, report } = options;
    this.#rows = new RowsAgainstLog(logged, report);
    this.#rows.holdJob(row, row.ledgerPolicy && toHex(crypto.sha256(row.ledgerPolicy)));
    const { trust } = options;
    this.#approvals = trust && new ApprovalAudit({ ...options, trust, row });
  }

  addApproval(row: EvidenceOf<'approval'>): void {
    this.#rows.holdApproval(row);
    const subject = `approval ${toHex(row.approvalDigest)}`;
    this.#attempt('approval-invalid', subject, () => this.#approvals?.add(row));
  }

  addEnding(row: EvidenceOf<'ending'>): void {
    this.#rows.holdEnding(row);
    const subject = `certificate ${toHex(row.endDigest)}`;
    this.#attempt('end-invalid', subject, () => this.#approvals?.addEnd(row));
  }

  addPackage(row: EvidenceOf<'package'>): void {
    this.#rows.holdPackage(row);
    const digest = toHex(row.manifestDigest);
    const { crypto, trust } = this.#options;
    if (trust === undefined) return;
    this.#attempt('package-invalid', `package ${digest}`, () => {
      const { rootPublicKey, product } = trust;
      const { manifest } = verifyHeader(crypto, decodeHeader(row.header), { rootPublicKey, product });
      demand(toHex(manifest.digest) === digest, 'the header holds another manifest');
      const { firmwareVersion, securityCounter } = manifest.core;
      const shown = row.firmwareVersion === firmwareVersion && row.securityCounter === securityCounter;
      demand(shown, 'the row shows another version or counter than the manifest');
      this.#manifests.set(digest, { manifest, header: row.header });
    });
  }

  addUnit(row: EvidenceOf<'unit'>): void {
    this.#closeUnit();
    this.#rows.holdUnit(row);
    const { crypto, trust } = this.#options;
    const thumbprint = toHex(row.thumbprint);
    const voided = row.voidedAtMs !== undefined;
    let device: DevicePublic | undefined;
    const { certificate } = row;
    if (trust !== undefined && certificate !== undefined)
      this.#attempt('certificate-invalid', `device ${thumbprint}`, () => {
        const verified = verifyDevice(crypto, trust, { certificate, atMs: row.firstSeenAtMs });
        demand(toHex(verified.thumbprint) === thumbprint, 'the certificate is of another device');
        device = verified;
      });
    this.#counts[voided ? 'voided' : 'units']++;
    const station =
      trust !== undefined && certificate === undefined
        ? new StationUnit(crypto, trust, {
            job: { row: this.#row, name: this.name, manifestOf: (digest) => this.#manifests.get(digest) },
            row,
          })
        : undefined;
    this.#unit = {
      row,
      device,
      station,
      verified: new Map(),
      licenses: 0,
      outcome: undefined,
      install: undefined,
    };
  }

  addLicense(row: EvidenceOf<'license'>): void {
    this.#counts.licenses++;
    const id = toHex(row.licenseId);
    const subject = `license ${id}`;
    const logged = this.#rows.holdLicense(row);
    if (logged !== undefined) this.#approvals?.checkLicense(subject, logged);
    const unit = this.#unit;
    if (unit !== undefined) unit.licenses++;
    if (this.#options.trust === undefined) return;
    this.#attempt('license-invalid', subject, () => {
      demand(unit?.row.unitIndex === row.unitIndex, 'it does not follow its unit');
      if (row.mode === 'station') {
        demand(unit.station !== undefined, 'it is for a station, and the unit is that of a device');
        unit.station.addLicense(row);
        return;
      }
      unit.verified.set(id, { license: this.#verifyLicense(row, unit), bundle: row.bundle });
    });
  }

  #verifyLicense(row: EvidenceOf<'license'>, unit: OpenUnit): VerifiedLicense {
    const { crypto, trust } = this.#options;
    const { rootPublicKey, product } = trust!;
    const inputs = { bundle: row.bundle, rootPublicKey, product, epoch: 0 };
    const license = verifyLicense(crypto, inputs);
    const { terms, digest } = license;
    const same = (name: string, a: Uint8Array, b: Uint8Array) =>
      demand(equalBytes(a, b), `the signed ${name} is another one than the row's`);
    same('digest', digest, row.licenseDigest);
    same('license id', terms.licenseId, row.licenseId);
    same('job', terms.jobId, this.#row.job);
    same('device', terms.thumbprint, row.thumbprint);
    same('manifest', terms.manifestDigest, row.manifestDigest);
    demand(terms.unitIndex === row.unitIndex, 'the signed unit is another one than the row tells');
    demand(terms.mode === row.mode, 'the signed mode is another one than the row tells');
    demand(unit.device !== undefined, 'its device has no valid certificate');
    same('device', unit.device.thumbprint, row.thumbprint);
    demand(sameOrigin(unit.device.origin, terms.origin), 'its device has an identity of another origin');
    return license;
  }

  addRequest(row: EvidenceOf<'request'>): void {
    const digest = toHex(row.requestDigest);
    const subject = `request ${digest}`;
    this.#rows.holdRequest(row);
    if (this.#options.trust === undefined) return;
    this.#attempt('request-invalid', subject, () => {
      const unit = this.#unit?.station;
      demand(unit !== undefined, 'its unit is that of a device');
      unit.addRequest(row);
    });
  }

  addOutcome(row: EvidenceOf<'outcome'>): void {
    const digest = toHex(row.outcomeDigest);
    const subject = `statement ${digest}`;
    this.#rows.holdOutcome(row);
    if (this.#options.trust === undefined) return;
    this.#attempt('outcome-invalid', subject, () => {
      const unit = this.#unit?.station;
      demand(unit !== undefined, 'its unit is that of a device');
      unit.addOutcome(row);
    });
  }

  addReceipt(row: EvidenceOf<'receipt'>): void {
    this.#counts.receipts++;
    const digest = toHex(row.receiptDigest);
    const subject = `receipt ${digest}`;
    this.#outcomes[row.outcome] = (this.#outcomes[row.outcome] ?? 0) + 1;
    this.#rows.holdReceipt(row);
    if (this.#unit !== undefined) this.#unit.outcome = row.outcome;
    if (this.#options.trust === undefined) return;
    this.#attempt('receipt-invalid', subject, () => {
      const { receipt, verdict } = this.#verifyReceipt(row);
      const unit = this.#unit!;
      const audited = this.#installOf(row, receipt, { unit, verdict });
      unit.install = { audited, objects: this.#objectsOf(row, unit) };
    });
  }

  #verifyReceipt(row: EvidenceOf<'receipt'>): { receipt: Receipt & { fresh: boolean }; verdict: Verdict } {
    const { crypto } = this.#options;
    const unit = this.#unit;
    const found = unit?.verified.get(toHex(row.licenseId));
    demand(found !== undefined, 'there is no valid license for it');
    const { license } = found;
    const device = unit?.device;
    const manifest = this.#manifests.get(toHex(license.terms.manifestDigest))?.manifest;
    demand(device !== undefined && manifest !== undefined, 'its device or package did not verify');
    const challenge: { challenge?: Bytes } = row.challenge ? { challenge: row.challenge } : {};
    const inputs = { receipt: row.receipt, device, license, manifest, ...challenge };
    const receipt = verifyReceipt(crypto, inputs);
    demand(receipt.fresh === row.fresh, 'the row and the receipt differ on whether it is fresh');
    demand(equalBytes(receipt.digest, row.receiptDigest), 'the row has another digest than the receipt');
    const verdict = judgeReceipt({ manifest, receipt, device, accepts: this.#row.accepts });
    const { outcome } = verdict;
    demand(outcome === row.outcome, `the row says ${row.outcome}, the receipt ${outcome}`);
    return { receipt, verdict };
  }

  #installOf(
    row: EvidenceOf<'receipt'>,
    receipt: Receipt & { fresh: boolean },
    { unit, verdict }: { unit: OpenUnit; verdict: Verdict },
  ): AuditedInstall {
    const { manifestDigest, fresh, readoutLevel } = receipt;
    const { outcome, accepted } = verdict;
    const { core } = this.#manifests.get(toHex(manifestDigest))!.manifest;
    const { chipId, origin } = unit.device!;
    return {
      job: this.name,
      unitIndex: unit.row.unitIndex,
      thumbprint: toHex(unit.row.thumbprint),
      chip: chipId,
      firmwareVersion: core.firmwareVersion,
      securityCounter: core.securityCounter,
      manifestDigest: toHex(manifestDigest),
      ...(core.sbomDigest ? { sbomDigest: toHex(core.sbomDigest) } : {}),
      receiptDigest: toHex(row.receiptDigest),
      storedAtMs: row.storedAtMs,
      ...{ fresh, readoutLevel, origin, outcome, accepted },
    };
  }

  /** Of a receipt that verified. */
  #objectsOf(row: EvidenceOf<'receipt'>, unit: OpenUnit): InstallObjects {
    const { license, bundle } = unit.verified.get(toHex(row.licenseId))!;
    return {
      // A receipt verified, so there is a device.
      certificate: unit.row.certificate!,
      header: this.#manifests.get(toHex(license.terms.manifestDigest))!.header,
      ...{ bundle, receipt: row.receipt, challenge: row.challenge },
      keptAtSeconds: Math.floor(row.storedAtMs / 1000),
    };
  }

  /** Everything that can be said once no further row of the job comes. */
  end(): JobSummary {
    this.#closeUnit();
    const { report, alarms } = this.#options;
    this.#approvals?.end(alarms);
    this.#rows.end(this.#options.scopeOf);
    const { quota, product } = this.#row;
    this.#countEarlier();
    const { units, installed } = this.#counts;
    if (units > quota) report('quota-exceeded', `job ${this.name}`, `${units} units, quota ${quota}`);
    if (installed > quota)
      report('quota-exceeded', `job ${this.name}`, `${installed} chips are installed, quota ${quota}`);
    const [outcomes, stated] = [this.#outcomes, this.#stated];
    const hasKeys = this.#options.trust !== undefined;
    return { job: this.name, product, quota, hasKeys, ...this.#counts, outcomes, stated };
  }

  #countEarlier(): void {
    const { logged, trust, scopeOf } = this.#options;
    if (logged === undefined) return;
    const hasKeys = trust !== undefined;
    const { outcomes, stated, ...counts } = new EarlierUnits(logged).count(scopeOf, hasKeys);
    addCounts(this.#counts, counts);
    addCounts(this.#outcomes, outcomes);
    addCounts(this.#stated, stated);
  }

  #closeUnit(): void {
    const unit = this.#unit;
    this.#unit = undefined;
    if (unit === undefined) return;
    const { licenses, install, row } = unit;
    if (row.voidedAtMs === undefined) {
      if (licenses === 0) this.#counts.unitsWithoutLicense++;
      if (!this.#hasReceipt(unit)) this.#counts.unitsWithoutReceipt++;
    }
    if (unit.station !== undefined) this.#closeStation(unit.station, row);
    if (install === undefined) return;
    if (install.audited.accepted) this.#counts.installed++;
    this.#options.onInstall(install.audited, install.objects);
  }

  /** One that the owner takes: that verified, or as its row says where there are no keys. */
  #hasReceipt({ install, outcome }: OpenUnit): boolean {
    if (this.#options.trust !== undefined) return install?.audited.accepted === true;
    return outcome === 'PASS' || (outcome !== undefined && this.#row.accepts.includes(outcome as never));
  }

  #closeStation({ isAsked, stated }: StationUnit, row: EvidenceOf<'unit'>): void {
    const { report, onStated } = this.#options;
    if (!isAsked)
      report(
        'request-invalid',
        `unit ${row.unitIndex}`,
        'neither a certificate nor a request vouches for it',
      );
    if (stated === undefined) return;
    const { result } = stated.audited;
    this.#stated[result] = (this.#stated[result] ?? 0) + 1;
    onStated(stated.audited, stated.file);
  }

  /** Runs a check; what it throws is a finding. */
  #attempt(code: FindingCode, subject: string, check: () => void): void {
    try {
      check();
    } catch (cause) {
      this.#options.report(code, subject, cause instanceof Error ? cause.message : String(cause));
    }
  }
}

function addCounts<K extends string>(
  counts: Partial<Record<K, number>>,
  more: Partial<Record<K, number>>,
): void {
  for (const name of Object.keys(more) as K[]) counts[name] = (counts[name] ?? 0) + (more[name] ?? 0);
}
