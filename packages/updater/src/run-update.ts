// One update of one device by the person who holds it: the engine of packages/programmer with standing
// licenses that lie ready and challenges of this program's own, or with an authority;
// a receipt file at the end.

import { toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { encodeReceiptFile } from '@firmseal/license';
import type { Clock } from '@firmseal/link';
import {
  type InstallEvent,
  type InstallProof,
  type InstallResult,
  type InstallVerifier,
  type Journal,
  type LineAuthority,
  runInstall,
  type SocketOpener,
  type VerifiedHello,
} from '@firmseal/programmer';
import { offeredAuthority } from './offered-authority.ts';
import type { OpenedOffer } from './open-offer.ts';

export interface UpdateSettings {
  readonly crypto: Crypto;
  readonly opened: OpenedOffer;
  readonly opener: SocketOpener;
  readonly socket: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly now: () => Date;
  /**
   * Where the license comes from, with its challenges, and where the receipt goes: an authority, for a job of
   * mode update. Left out, the authority of the offer; where it names none, its licenses, and the receipt
   * stays here.
   */
  readonly authority?: LineAuthority;
  /** For the authority of the offer; default: the platform's. */
  readonly fetch?: typeof fetch;
  readonly onEvent?: (event: InstallEvent) => void;
  readonly signal?: AbortSignal;
}

/** What the device held when it was first met in this run. */
export interface FirmwareSeen {
  readonly thumbprint: string;
  readonly chipId: string;
  readonly lifeCycle: VerifiedHello['lifeCycle'];
  /** Of the firmware in flash, hexadecimal; undefined where the chip holds none. */
  readonly manifestDigest: string | undefined;
  /** Where the description of the update knows it. */
  readonly version: string | undefined;
  readonly securityCounter: number;
}

export interface UpdateResult {
  readonly result: InstallResult;
  /** Undefined where no device was met. */
  readonly before: FirmwareSeen | undefined;
  /** The receipt with all that proves it (spec/receipt.md section 5); undefined without a proven install. */
  readonly receiptFile: Uint8Array<ArrayBuffer> | undefined;
}

/** Tells of the first hello, and gives on what the real verifier says. */
function watchHello(verifier: InstallVerifier, tell: (device: VerifiedHello) => void): InstallVerifier {
  return {
    ...verifier,
    hello(answer, challenge) {
      const device = verifier.hello(answer, challenge);
      tell(device);
      return device;
    },
  };
}

/**
 * The challenges are random numbers of this program: the receipt proves to the person here that it was
 * measured now, which a license's nonce could not.
 */
function localAuthority(crypto: Crypto, { findLicense }: OpenedOffer): LineAuthority {
  return {
    giveChallenge: async () => crypto.randomBytes(32),
    async issueLicense({ thumbprint }) {
      const bundle = await findLicense(thumbprint);
      if (bundle === undefined) throw new Fault('update-license-missing', { thumbprint: toHex(thumbprint) });
      return { bundle };
    },
    storeReceipt: async () => ({ keptBy: 'holder' }),
    knownLicense: findLicense,
  };
}

/** Whether the journal tells of an update that had begun to erase and has not ended. */
export function isInterrupted({ entries }: Journal): boolean {
  const [begun, ended] = ['begun', 'receipt'].map((kind) =>
    entries.findLastIndex((one) => one.kind === kind),
  );
  return begun! > ended!;
}

function authorityOf({ authority, crypto, opened, clock, fetch }: UpdateSettings): LineAuthority {
  const call = { clock, ...(fetch === undefined ? {} : { fetch }) };
  return authority ?? offeredAuthority(opened.offer, call) ?? localAuthority(crypto, opened);
}

/** Never rejects: every fault is in the result. */
export async function runUpdate(settings: UpdateSettings): Promise<UpdateResult> {
  const { crypto, opened, opener, socket, journal, clock, now, onEvent, signal } = settings;
  const { sealed, verifier, versionOf, offer } = opened;
  let before: FirmwareSeen | undefined;
  let proof: InstallProof | undefined;
  const result = await runInstall({
    ...{ socket, socketNumber: 1, sealed, opener, journal, clock, now },
    ...(signal === undefined ? {} : { signal }),
    authority: authorityOf(settings),
    verifier: watchHello(verifier, (device) => {
      const manifestDigest = device.manifestDigest && toHex(device.manifestDigest);
      before ??= {
        ...{ thumbprint: toHex(device.thumbprint), chipId: device.chipId, lifeCycle: device.lifeCycle },
        ...{ manifestDigest, securityCounter: device.securityCounter },
        version: manifestDigest === undefined ? undefined : versionOf(manifestDigest),
      };
    }),
    newId: () => toHex(crypto.randomBytes(16)),
    onEvent: onEvent ?? (() => undefined),
    startApplication: true,
    keepProof: (given) => {
      proof = given;
    },
  });
  if (result.outcome === 'fail' || proof === undefined) return { result, before, receiptFile: undefined };
  const { certificate, receipt, challenge, bundle } = proof;
  const receiptFile = encodeReceiptFile({
    ...{ deviceCaDelegation: offer.deviceCaDelegation, certificate, header: sealed.headerBytes },
    // A chip that held the package before was not sent a license here; the receipt names the one it has.
    ...{ bundle, receipt, challenge, keptAtSeconds: Math.floor(now().getTime() / 1000) },
  });
  return { result, before, receiptFile };
}
