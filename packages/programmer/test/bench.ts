// A station for tests: sockets with model chips, the model authority, a journal in memory that survives a
// "kill", and a run of the engine on it in test time.

import type { Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { DevicePublic } from '@firmseal/formats';
import type { ByteStream } from '@firmseal/link';
import { type FaultPlan, FaultyStream, TestClock } from '@firmseal/link/testing';
import { trust } from '@firmseal/seal/testing';
import {
  createInstallVerifier,
  type GangSettings,
  type InstallEvent,
  type InstallPackage,
  type InstallResult,
  type InstallVerifier,
  type Journal,
  type JournalEntry,
  type LineAuthority,
  readInstallPackage,
  runGang,
} from '../src/index.ts';
import { encodeJournalLine, readJournalBytes } from '../src/journal-line.ts';
import { ModelAuthority } from './model-authority.ts';
import { verifyModelCertificate } from './model-chip.ts';
import { type SmallChange, sealSmall } from './small-package.ts';

/** Lines as they would be on disk. */
export class MemoryJournal implements Journal {
  text = '';
  /** Called before an entry is kept; a throw is the power cut. */
  onAppend: (entry: JournalEntry) => void = () => undefined;

  get entries(): readonly JournalEntry[] {
    return readJournalBytes(new TextEncoder().encode(this.text)).entries;
  }

  async append(entry: JournalEntry): Promise<void> {
    this.onAppend(entry);
    this.text += encodeJournalLine(entry);
  }
}

export interface BenchOptions {
  readonly quota?: number;
  /** Default: that of model chips. */
  readonly verifyCertificate?: (certificate: Uint8Array) => DevicePublic;
  /** In the small package. */
  readonly change?: SmallChange;
}

/** A chip that a socket can hold. */
export interface BenchChip {
  readonly device: DevicePublic;
  connect(): ByteStream;
}

export interface Bench<C extends BenchChip> {
  readonly sealed: InstallPackage;
  readonly authority: ModelAuthority;
  readonly journal: MemoryJournal;
  readonly sockets: Map<string, C>;
  readonly events: InstallEvent[];
  readonly verifier: InstallVerifier;
  readonly contentKey: Secret;
  run(change?: Partial<GangSettings> & { plan?: FaultPlan }): Promise<InstallResult[]>;
}

export async function createBench<C extends BenchChip>(
  chips: Record<string, C>,
  { quota = 1000, verifyCertificate = verifyModelCertificate, change = {} }: BenchOptions = {},
): Promise<Bench<C>> {
  const { file, contentKey, manifest } = await sealSmall(change);
  const sealed = readInstallPackage(crypto, file, trust);
  const authority = new ModelAuthority({ manifest, contentKey, quota, verifyCertificate });
  const journal = new MemoryJournal();
  const sockets = new Map(Object.entries(chips));
  const events: InstallEvent[] = [];
  let ids = 0;
  const line: LineAuthority = authority;
  const verifier = createInstallVerifier(crypto, { sealed, verifyCertificate });
  return {
    sealed,
    authority,
    journal,
    sockets,
    events,
    verifier,
    contentKey,
    run: ({ plan, ...settingsChange } = {}) => {
      const { clock: given } = settingsChange;
      const clock = given instanceof TestClock ? given : new TestClock();
      const open = async (socket: string) => {
        const stream = sockets.get(socket)!.connect();
        return plan === undefined ? stream : new FaultyStream(stream, clock, plan);
      };
      const settings: GangSettings = {
        sockets: [...sockets.keys()],
        sealed,
        opener: { open },
        authority: line,
        journal,
        verifier,
        clock,
        now: () => new Date(Date.UTC(2026, 0, 1) + clock.nowMs()),
        newId: () => (++ids).toString(16).padStart(32, '0'),
        onEvent: (event) => events.push(event),
        ...settingsChange,
      };
      return clock.run(runGang(settings));
    },
  };
}
