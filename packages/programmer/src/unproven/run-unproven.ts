// Writes one chip without agent, from its first look to the statement that the authority keeps:
// spec/station.md section 6. Killed anywhere, the same command goes on under the same unit: what a
// chip that is protected already cannot tell any more stands in the journal.

import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { isSilentAt } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import {
  type ChipProgrammer,
  type FlashPlan,
  type OnFlashEvent,
  planFlash,
  requireConsent,
  requireOpenState,
  runPlan,
} from '@firmseal/programming';
import {
  holderOfChip,
  isProtectionAsFound,
  makeStationRequest,
  openStationLicense,
  type ProtectionFound,
  stationProtection,
  type VerifiedStationLicense,
  verifyStationLicense,
  verifyStationRequest,
} from '@firmseal/station';
import { asFault, reportFault } from '../fault-report.ts';
import type { JournalBody } from '../journal.ts';
import { type OpenedArea, openAreas, wipeAreas } from './open-areas.ts';
import { findProtection, protectionSettings } from './protection.ts';
import { makeStationStatement, type Said } from './station-statement.ts';
import { toJournalProtection, type UnprovenRecord, undelivered, unprovenRecords } from './unfinished.ts';
import type { UnprovenBody, UnprovenResult, UnprovenSettings } from './unproven-settings.ts';

/** What one chip was given. */
interface Given {
  readonly license: VerifiedStationLicense;
  readonly bundle: Bytes;
}

interface Place {
  readonly place: string;
  readonly placeNumber: number;
  /** The place in which this run has met this chip, if it was another one; else it is now this one's. */
  readonly claim: (holder: string, place: string) => string | undefined;
  /** Installs whose statement the authority got in this run. */
  readonly delivered: Set<string>;
}

class UnprovenInstall {
  readonly #settings: UnprovenSettings;
  readonly #place: Place;
  #installId: string;
  /** Set once the chip holds a unit, for the statement of a failure. */
  #given: Given | undefined;
  /** The chip is being written: a fault now is one of chip or way, and not of authority or journal. */
  #atChip = false;

  constructor(settings: UnprovenSettings, place: Place) {
    this.#settings = settings;
    this.#place = place;
    this.#installId = settings.newId();
  }

  async run(): Promise<UnprovenResult> {
    const { place, placeNumber } = this.#place;
    try {
      const unit = await this.#install();
      this.#emit({ kind: 'result', outcome: 'unproven', unit });
      return { outcome: 'unproven', place, placeNumber };
    } catch (error) {
      const fault = asFault(error);
      if (this.#given !== undefined && this.#atChip) await this.#tellFailure(this.#given, fault);
      this.#emit({ kind: 'result', outcome: 'fail', fault: reportFault(fault) });
      return { outcome: 'fail', place, placeNumber, fault };
    }
  }

  /** The index of the unit. */
  async #install(): Promise<number> {
    const { sealed, chip } = this.#settings;
    const { place } = this.#place;
    this.#checkStop();
    let programmer: ChipProgrammer;
    try {
      programmer = await this.#settings.openProgrammer(place);
    } catch (error) {
      const record = this.#recordAtPlace();
      if (!(error instanceof Fault) || record === undefined) throw error;
      return this.#finishSilent(record, error);
    }
    try {
      const identity = await programmer.identify();
      const { uniqueId, readProtected } = identity;
      const holder = uniqueId && holderOfChip(this.#settings.crypto, chip.id, uniqueId);
      if (holder !== undefined) this.#claim(toHex(holder));
      if (readProtected) {
        const record = holder === undefined ? this.#recordAtPlace() : this.#recordOf(toHex(holder));
        if (record === undefined) throw new Fault('station-chip-protected', { chip: chip.id, place });
        return await this.#finish(record, () => findProtection(programmer));
      }
      requireOpenState(chip, identity);
      if (holder === undefined) throw new Fault('station-chip-nameless', { chip: chip.id, place });
      // Refused before a unit is taken.
      await this.#planProtection(programmer);
      const given = await this.#ask(holder);
      this.#given = given.given;
      try {
        await this.#write(programmer, given.areas);
      } finally {
        wipeAreas(given.areas);
      }
      await this.#record({ kind: 'station-written' });
      this.#emit({ kind: 'written' });
      const found = await this.#protect(programmer);
      return await this.#state(given.given, found, {
        uninterrupted: true,
        level: stationProtection(chip, sealed.manifest.core),
      });
    } finally {
      await programmer.close().catch(() => undefined);
    }
  }

  #checkStop(): void {
    if (this.#settings.signal?.aborted) throw new Fault('install-stopped', { socket: this.#place.place });
  }

  #claim(holder: string): void {
    const { place, claim } = this.#place;
    const other = claim(holder, place);
    if (other !== undefined) throw new Fault('chip-met-twice', { socket: place, other, thumbprint: holder });
  }

  #records(): UnprovenRecord[] {
    const { journal, sealed, jobId } = this.#settings;
    const [manifestDigest, job] = [toHex(sealed.manifest.digest), toHex(jobId)];
    return unprovenRecords(journal.entries).filter(
      (one) =>
        one.manifestDigest === manifestDigest &&
        one.jobId === job &&
        one.stage !== 'licensed' &&
        (one.stated === undefined || one.stated.done),
    );
  }

  /**
   * The newest chip of this place, when this station had written it and was not yet through with it, or got
   * rid of its statement in this very run.
   */
  #recordAtPlace(): UnprovenRecord | undefined {
    const { journal } = this.#settings;
    const newest = unprovenRecords(journal.entries)
      .filter(({ place }) => place === this.#place.place)
      .at(-1);
    const fits = this.#records().find(({ installId }) => installId === newest?.installId);
    return fits?.stage === 'delivered' && !this.#place.delivered.has(fits.installId) ? undefined : fits;
  }

  #recordOf(holder: string): UnprovenRecord | undefined {
    return this.#records().findLast((one) => one.holder === holder);
  }

  /** Permanent steps need the owner's word before anything is taken. Throws `permanent-steps-unconfirmed`. */
  async #planProtection(programmer: ChipProgrammer): Promise<FlashPlan> {
    const { chip, sealed, confirmPermanent } = this.#settings;
    const options = protectionSettings(chip, sealed.manifest, await programmer.readOptions());
    const plan = await planFlash(programmer, { options });
    const { permanent: steps } = plan;
    requireConsent(chip, steps, confirmPermanent ? { steps } : undefined);
    return plan;
  }

  /** A license under the chip's unit, and what it opens. */
  async #ask(holder: Bytes): Promise<{ given: Given; areas: OpenedArea[] }> {
    const { crypto, chip, jobId, sealed, station, authority, file } = this.#settings;
    const challenge = await authority.giveChallenge('hello');
    const recipient = crypto.generateP256();
    try {
      const request = await makeStationRequest(crypto, station.signer, {
        ...{ purpose: 'license', jobId, challenge, nonce: crypto.randomBytes(16) },
        ...{ stationDigest: station.verified.digest, chipId: chip.id, holder },
        ...{ manifestDigest: sealed.manifest.digest, kemKey: recipient.publicKey.slice() },
      });
      const { delegation } = station;
      const { bundle, newUnit } = await authority.issueStationLicense({ request, delegation, challenge });
      const license = verifyStationLicense(crypto, { ...sealed.trust, bundle });
      const asked = verifyStationRequest(crypto, request, { station: station.verified, jobId });
      const opened = openStationLicense(crypto, {
        ...{ license, manifest: sealed.manifest, request: asked, recipient },
      });
      const { contentKey, deviceData } = opened;
      try {
        const areas = openAreas(crypto, { file, sealed, contentKey, deviceData });
        const { unitIndex } = license.terms;
        await this.#record({
          ...{ kind: 'station-licensed', holder: toHex(holder), bundle: toHex(bundle) },
          ...{ manifestDigest: toHex(sealed.manifest.digest), jobId: toHex(jobId) },
        }).catch((error: unknown) => {
          wipeAreas(areas);
          throw error;
        });
        this.#emit({ kind: 'licensed', holder: toHex(holder), unit: unitIndex, newUnit });
        return { given: { license, bundle }, areas };
      } finally {
        contentKey.wipe();
        for (const data of deviceData) data.fill(0);
      }
    } finally {
      recipient.privateKey.fill(0);
    }
  }

  /** Compared with what is there, erased, written, read back. */
  async #write(programmer: ChipProgrammer, segments: readonly OpenedArea[]): Promise<void> {
    this.#checkStop();
    const onEvent: OnFlashEvent = (step) => this.#emit({ kind: 'flash', step });
    this.#atChip = true;
    const plan = await planFlash(programmer, { segments }, onEvent);
    await runPlan(programmer, plan, { onEvent });
    this.#atChip = false;
  }

  /** A fault in it is not told as a failure: the next run looks how far the chip came. */
  async #protect(programmer: ChipProgrammer): Promise<ProtectionFound> {
    const plan = await this.#planProtection(programmer);
    let silent = false;
    await runPlan(programmer, plan, {
      consent: { steps: plan.permanent },
      onEvent: (step) => {
        silent ||= step.event === 'chip-closed';
      },
    });
    const found: ProtectionFound = silent
      ? { access: 'silent', optionBytes: [] }
      : await findProtection(programmer);
    await this.#recordProtection(found);
    return found;
  }

  async #recordProtection(found: ProtectionFound): Promise<void> {
    await this.#record({ kind: 'station-protected', protection: toJournalProtection(found) });
    const { access, readoutLevel = null } = found;
    this.#emit({ kind: 'protected', access, readoutLevel });
  }

  /** The chip of the record, which an earlier run had written. */
  async #finish(record: UnprovenRecord, look: () => Promise<ProtectionFound>): Promise<number> {
    const given = this.#resume(record);
    const { unitIndex } = given.license.terms;
    if (record.stage === 'stated') {
      const { statement, delegation } = record.stated!;
      await this.#deliver({ statement: fromHex(statement), delegation: fromHex(delegation) });
    }
    if (record.stage === 'stated' || record.stage === 'delivered') return unitIndex;
    const { chip, sealed } = this.#settings;
    const found = await look();
    await this.#recordProtection(found);
    return this.#state(given, found, {
      ...{ uninterrupted: false, level: stationProtection(chip, sealed.manifest.core) },
    });
  }

  #resume(record: UnprovenRecord): Given {
    const { crypto, sealed } = this.#settings;
    const bundle = fromHex(record.bundle);
    const license = verifyStationLicense(crypto, { ...sealed.trust, bundle });
    this.#installId = record.installId;
    this.#given = { license, bundle };
    this.#claim(record.holder);
    const { unitIndex } = license.terms;
    this.#emit({ kind: 'resumed', holder: record.holder, unit: unitIndex });
    return this.#given;
  }

  /** Nobody answers at the place, and the last chip there was written. */
  async #finishSilent(record: UnprovenRecord, fault: Fault): Promise<number> {
    const { chip, sealed } = this.#settings;
    if (!isSilentAt(chip, stationProtection(chip, sealed.manifest.core))) throw fault;
    // Only the run that closed the chip knows why the chip is silent; any other could look at a loose cable.
    const seen = record.protection;
    if (record.stage !== 'written') return this.#finish(record, async () => seen!);
    const given = this.#resume(record);
    const unseen = new Fault('station-protection-unseen', { place: this.#place.place }, { cause: fault });
    await this.#sign(given, { result: 'UNKNOWN', cause: unseen.code, uninterrupted: false });
    throw unseen;
  }

  /** Signs what was found, and brings it to the authority. */
  async #state(
    given: Given,
    protection: ProtectionFound,
    { uninterrupted, level }: { uninterrupted: boolean; level: 0 | 1 | 2 },
  ): Promise<number> {
    if (!isProtectionAsFound(this.#settings.chip, level, protection)) {
      const found = protection.readoutLevel ?? protection.access;
      const fault = new Fault('protection-not-in-force', { wanted: level, found });
      await this.#sign(given, { result: 'FAILED', cause: fault.code, protection, uninterrupted });
      throw fault;
    }
    await this.#sign(given, { result: 'DONE-UNPROVEN', protection, uninterrupted });
    return given.license.terms.unitIndex;
  }

  async #sign({ license, bundle }: Given, said: Said): Promise<void> {
    const { station, sealed, keepStatement } = this.#settings;
    const { holder } = license.terms;
    const statement = await makeStationStatement(this.#settings, license, said);
    const { delegation } = station;
    keepStatement?.(toHex(holder), {
      ...{ delegation, statement, package: { header: sealed.headerBytes, bundle } },
    });
    await this.#record({
      ...{ kind: 'station-stated', statement: toHex(statement), delegation: toHex(delegation) },
      done: said.result === 'DONE-UNPROVEN',
    });
    await this.#deliver({ statement, delegation });
  }

  async #deliver(delivery: { statement: Bytes; delegation: Bytes }): Promise<void> {
    const { result } = await this.#settings.authority.storeOutcome(delivery);
    await this.#record({ kind: 'station-delivered' });
    this.#emit({ kind: 'delivered', result, unit: this.#given!.license.terms.unitIndex });
  }

  /** What the chip or the way said is told to the authority; the fault of the install stays what it was. */
  async #tellFailure(given: Given, { code }: Fault): Promise<void> {
    const said = { result: 'FAILED', cause: code, uninterrupted: true } as const;
    await this.#sign(given, said).catch(() => undefined);
  }

  #record(body: JournalBody): Promise<void> {
    const { journal, now } = this.#settings;
    const { place: socket } = this.#place;
    return journal.append({ ...body, socket, installId: this.#installId, time: now().toISOString() });
  }

  #emit(body: UnprovenBody): void {
    const { onEvent, now } = this.#settings;
    const { place, placeNumber } = this.#place;
    onEvent({ place, placeNumber, time: now().toISOString(), ...body });
  }
}

/** What an earlier run could not bring to the authority; a fault leaves it for the next one. */
async function deliverEarlier(
  settings: UnprovenSettings,
  { places, delivered }: { places: readonly string[]; delivered: Set<string> },
): Promise<void> {
  const { journal, jobId, authority, now, onEvent } = settings;
  for (const { installId, place, statement, delegation } of undelivered(journal.entries, toHex(jobId))) {
    try {
      await authority.storeOutcome({ statement, delegation });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const head = { place, placeNumber: places.indexOf(place) + 1, time: now().toISOString() };
      onEvent({ kind: 'waiting', fault: reportFault(error), ...head });
      continue;
    }
    delivered.add(installId);
    const head = { socket: place, installId, time: now().toISOString() };
    await journal.append({ kind: 'station-delivered', ...head });
  }
}

/**
 * The chips at the places, all at once, in the order of the command. Never rejects for a chip: its fault is
 * in its result. Rejects with the faults of the journal, and with `socket-repeated`.
 */
export async function runUnproven(
  settings: UnprovenSettings,
  places: readonly string[],
): Promise<UnprovenResult[]> {
  const repeated = places.find((place, i) => places.indexOf(place) !== i);
  if (repeated !== undefined) throw new Fault('socket-repeated', { socket: repeated });
  const placeOf = new Map<string, string>();
  const claim = (holder: string, place: string): string | undefined => {
    const first = placeOf.get(holder) ?? place;
    placeOf.set(holder, first);
    return first === place ? undefined : first;
  };
  const delivered = new Set<string>();
  await deliverEarlier(settings, { places, delivered });
  return Promise.all(
    places.map((place, index) =>
      new UnprovenInstall(settings, { place, placeNumber: index + 1, claim, delivered }).run(),
    ),
  );
}
