// What the authority asks of the process that holds its keys. Every request carries what the signer needs to
// check it by itself: it believes no word of who asks, but what a root, an approver, a device CA, a chip or a
// station signed, and its own table (signer-table.ts). Who checks is key-signer.ts; remote-signer.ts asks
// over a socket.

import type { Bytes } from '@firmseal/bytes';
import type { JobRecord, StopRecord } from '../store/records.ts';
import type { StopKey } from '../store/store.ts';

/** A job as the first request for it names it, and every later one has to. */
export type JobTerms = Pick<
  JobRecord,
  | 'jobId'
  | 'product'
  | 'quota'
  | 'mode'
  | 'accepts'
  | 'validUntilMs'
  | 'deviceDataKey'
  | 'ledgerPolicy'
  | 'stations'
>;

/** What an approver signed, with his delegation. */
export interface ApprovalWord {
  readonly approval: Bytes;
  readonly delegation: Bytes;
}

/** A chip that asks, with the challenge that its hello answers. */
export interface ChipRequest {
  readonly certificate: Bytes;
  readonly hello: Bytes;
  readonly challenge: Bytes;
}

/** Why the license, or the unit, is due: as a chip, a trusted site or a station signed it. */
export type Ask =
  | ({ readonly kind: 'device' } & ChipRequest)
  /** A chip that was personalized elsewhere: a standing license with an end. */
  | { readonly kind: 'record'; readonly record: Bytes; readonly notAfterSeconds: number }
  | {
      readonly kind: 'station';
      readonly request: Bytes;
      readonly delegation: Bytes;
      readonly challenge: Bytes;
    };

export interface UnitRequest {
  readonly job: JobTerms;
  readonly approvals: readonly ApprovalWord[];
  readonly unitIndex: number;
  readonly ask: Ask;
}

export interface IssueRequest extends UnitRequest {
  readonly header: Bytes;
  readonly contentKeyFile: Bytes;
  /** Per-device data of the unit as the database has it. */
  readonly sealedData?: Bytes | undefined;
  /**
   * At which station a chip is installed, by the word of who asks; a station itself
   * says it by its delegation.
   */
  readonly station?: string | undefined;
}

export interface SignedLicense {
  readonly licenseId: Bytes;
  readonly bundle: Bytes;
}

export interface VoidRequest {
  readonly job: JobTerms;
  readonly approvals: readonly ApprovalWord[];
  readonly unitIndex: number;
  readonly thumbprint: Bytes;
  readonly reason: string;
}

export interface EndRequest {
  readonly job: JobTerms;
  readonly approvals: readonly ApprovalWord[];
  /** What the certificate says besides. */
  readonly counts: {
    readonly units: number;
    readonly voided: number;
    readonly licenses: number;
    readonly installed: number;
  };
}

export interface BatchListRequest {
  readonly job: JobTerms;
  readonly notAfterSeconds: number;
  readonly bundles: readonly Bytes[];
}

/** How many chips of a product a site may have certified, and until when, as approvers signed it. */
export interface SiteCap {
  readonly product: string;
  readonly site: string;
  /** Those that were certified before are included. */
  readonly cap: number;
  readonly validUntilMs: number;
  /** Of the change. */
  readonly number: number;
}

export interface SiteView extends SiteCap {
  readonly certified: number;
}

/** At a site: `station` is its name, or the name of a station of it, as the token says. */
export interface SiteRequest {
  readonly product: string;
  readonly station: string;
}

/** What a chip says of its new keys, and the hello with which it proves that it has them. */
export interface CertifyRequest extends SiteRequest {
  readonly chipId: string;
  readonly origin: number;
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
  readonly hello: Bytes;
  readonly challenge: Bytes;
}

/** Faults of every method: `authority-signer-away` besides those that are named. */
export interface IssuingSigner {
  /** Of the key that opens content keys, 65 bytes. */
  kemPublicKey(): Promise<Bytes>;
  /** Whether it can be asked. */
  ready(): Promise<void>;
  /** The file, for the present KEM key. Throws what verifyLicensable and openContentKey throw. */
  checkContentKey(request: { product: string; header: Bytes; contentKeyFile: Bytes }): Promise<Bytes>;
  /**
   * What was wrapped for the previous KEM key, for the present one; the same bytes when it is already.
   * Undefined when neither opens it. Throws `content-key-malformed`, `signer-job-differs`.
   */
  rewrap(request: RewrapRequest): Promise<Bytes | undefined>;
  /**
   * Verifies what a chip says, so that nobody has to do it a second time: `issue` remembers it. Nothing is
   * counted. Throws `product-not-served`, the faults of certificate and hello.
   */
  verifyChip(request: ChipRequest & { readonly product: string }): Promise<void>;
  /**
   * Counts the chip, unless it was counted for this job before, and signs. Throws the faults of approvals,
   * job, certificate, hello or record or station, package and chip; `issue-stopped`, `job-closed`,
   * `signer-job-differs`, `signer-quota-exhausted`, `signer-unit-held`, `licenses-too-many`.
   */
  issue(request: IssueRequest): Promise<SignedLicense>;
  /** Counts the chip of a station that needs no license. Throws as `issue`. */
  countUnit(request: UnitRequest): Promise<void>;
  /** The chip counts no more. Throws the faults of approvals, `signer-job-differs`. */
  voidUnit(request: VoidRequest): Promise<void>;
  setStop(stop: StopRecord): Promise<void>;
  liftStop(key: StopKey): Promise<void>;
  /**
   * The certificate of the job's end; from then on the job gets nothing. Throws the faults of approvals,
   * `signer-job-differs`, `job-end-counts-differ`.
   */
  endJob(request: EndRequest): Promise<Bytes>;
  /** The signed list of a batch. Throws `job-mode-wrong`, `batch-date-wrong`, `batch-license-unfit`. */
  signBatch(request: BatchListRequest): Promise<{ batchId: Bytes; list: Bytes }>;
  /**
   * From now on the site may have so many chips certified. Throws the faults of approvals,
   * `certifying-key-missing`, `certifying-needs-approvers`, `site-change-older`.
   */
  setSiteCap(request: SiteCap & { readonly approvals: readonly ApprovalWord[] }): Promise<void>;
  listSites(): Promise<SiteView[]>;
  /**
   * A challenge for a chip that is to be certified. Throws what `certifyDevice` throws of the site.
   */
  challengeForSite(request: SiteRequest): Promise<Bytes>;
  /**
   * The certificate of a chip, which counts against the cap of its site; the same keys get the same one
   * again. Throws `product-not-served`, `certifying-key-missing`, `issue-stopped`, `site-not-opened`,
   * `site-expired`, `site-cap-used`, `certifying-challenge-unknown`, `certified-elsewhere`,
   * `certifying-proof-wrong`, the faults of the hello.
   */
  certifyDevice(request: CertifyRequest): Promise<Bytes>;
  /** Key of a webhook's signatures, 32 bytes; undefined when its row does not open. Opens nothing else. */
  openWebhookSecret(request: WrappedWebhookSecret): Promise<Bytes | undefined>;
}

/** Something that rests wrapped for the KEM key. */
export type RewrapRequest =
  | { readonly kind: 'content-key'; readonly file: Bytes }
  /** The key of the job's per-device data. */
  | { readonly kind: 'device-data'; readonly job: JobTerms }
  | ({ readonly kind: 'webhook' } & WrappedWebhookSecret);

/** As the database has it. */
export interface WrappedWebhookSecret {
  readonly webhookId: string;
  readonly secret: Bytes;
}

/** A checkpoint that is to be signed, with the proof that it continues the one over `from` entries. */
export interface CheckpointRequest {
  readonly text: string;
  readonly from: number;
  readonly proof: readonly Bytes[];
}

/** The signature; or how many entries the checkpoint has that was signed last, for another proof. */
export type CheckpointAnswer = { readonly signature: Bytes } | { readonly seen: number };

/** What a signer says of itself. */
export interface SignerView {
  readonly kemPublicKey: Bytes;
  /** The configuration of each product that it issues for, as one digest. */
  readonly products: readonly { readonly product: string; readonly digest: Bytes }[];
  /** Name and key of the ledger that it signs checkpoints of. */
  readonly ledger?: { readonly origin: string; readonly publicKey: Bytes } | undefined;
}
