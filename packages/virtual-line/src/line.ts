// The station of a virtual line: installs by the real engine, over the links of chips in this process, with
// licenses and receipts over the authority's HTTP API.

import { randomBytes } from 'node:crypto';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type Clock, systemClock } from '@firmseal/link';
import {
  createInstallVerifier,
  type InstallEvent,
  type InstallResult,
  type Journal,
  type JournalEntry,
  type LineAuthority,
  runGang,
} from '@firmseal/programmer';
import { openChipLink } from './chip-link.ts';
import type { LineConditions } from './conditions.ts';
import { type VirtualJob, type VirtualOwner, type VirtualPackage, virtualProduct } from './owner.ts';
import type { LineChip } from './site.ts';

/** A virtual line ends with its process: its journal lives in memory. */
export function memoryJournal(): Journal {
  const entries: JournalEntry[] = [];
  return {
    entries,
    append: async (entry) => {
      entries.push(entry);
    },
  };
}

export const socketOf = ({ index }: LineChip): string => `chip-${index + 1}`;

export interface LineInputs {
  readonly owner: VirtualOwner;
  readonly conditions: LineConditions;
  readonly sealed: VirtualPackage;
  readonly job: VirtualJob;
  readonly chips: readonly LineChip[];
  readonly onEvent?: (event: InstallEvent) => void;
  /** Holds a message of the station to a chip back until the promise resolves. */
  readonly hold?: (message: number, chip: LineChip) => Promise<void> | undefined;
  /** The station's time; the machine's when left out. */
  readonly clock?: Clock;
  /** Puts something between station and authority. */
  readonly wrapAuthority?: (authority: LineAuthority) => LineAuthority;
}

/** Installs on all chips at once; every fault is in the result of its chip. */
export function installOnChips(inputs: LineInputs): Promise<InstallResult[]> {
  const { owner, conditions, sealed, job, chips, onEvent, hold } = inputs;
  const { wrapAuthority = (authority) => authority } = inputs;
  const verifier = createInstallVerifier(nodeCrypto, {
    sealed: sealed.sealed,
    verifyCertificate: (der) =>
      verifyDeviceCertificate(nodeCrypto, der, {
        caPublicKeys: [owner.deviceCa.publicKey],
        product: virtualProduct,
        now: new Date(),
      }),
  });
  return runGang({
    sockets: chips.map(socketOf),
    sealed: sealed.sealed,
    opener: {
      open: async (socket) => {
        const found = chips.find((chip) => socketOf(chip) === socket);
        if (found === undefined) throw new Fault('internal-error', { detail: 'a socket without a chip' });
        return openChipLink(
          found.chip,
          hold === undefined ? {} : { hold: (message) => hold(message, found) },
        );
      },
    },
    authority: wrapAuthority(job.line),
    journal: memoryJournal(),
    verifier: {
      ...verifier,
      receipt: (question) =>
        verifier.receipt({ ...question, receipt: conditions.receipt(question.receipt as Uint8Array) }),
    },
    clock: inputs.clock ?? systemClock,
    now: () => new Date(),
    newId: () => randomBytes(16).toString('hex'),
    onEvent: onEvent ?? (() => undefined),
    mostRestarts: 2,
    restartPauseMs: 0,
  });
}
