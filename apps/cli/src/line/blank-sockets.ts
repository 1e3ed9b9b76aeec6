// Personalization as the first step of a line, at a trusted site: the key of the device CA is opened for as
// long as the line runs, or the authority certifies by the token of the site; each socket that has a way to
// blank chips gets what packages/line asks for.

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AgentClient } from '@firmseal/agent-client';
import { type AgentBuild, type Chip, findChip, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import { refuseKnownTestKeys, type Signer, signerOf } from '@firmseal/keys';
import type { BlankChips, BlankStep, LineFile, LinePersonalization } from '@firmseal/line';
import { systemClock } from '@firmseal/link';
import { type PersonalizedDevice, type PersonalizeOptions, personalizeChip } from '@firmseal/personalization';
import { parsePlace } from '@firmseal/places';
import { agentSha256 } from '../agent-image.ts';
import { accessAuthority } from '../authority-access.ts';
import { compareClocks } from '../authority-clock.ts';
import type { Face } from '../face.ts';
import { deviceCaOfAuthority } from '../personalization/authority-device-ca.ts';
import { appendRecord, recordOf, refuseUnwritableRecords } from '../personalization/records-file.ts';
import { whatToWrite } from '../personalization/what-to-write.ts';
import { openProgrammer } from '../programmer-place.ts';
import { readPublicKey } from '../public-key-file.ts';
import { checkClock, releaseDate } from '../release-date.ts';
import { withKey } from '../secret-files.ts';
import { requireTried } from '../silicon/tried.ts';
import { openSocket } from '../sockets.ts';

/** Beside the journal: signed records of the chips that were personalized here. */
const recordsName = 'chips.records';
/** A programmer that is opened at each look would be busy with nothing else. */
const lookEveryMs = 2000;
const answerTimeoutMs = 750;

export interface DeviceCaOptions {
  /** Folder of the line. */
  readonly work: string;
  /** In place of those that the line file names. */
  readonly deviceCa?: string | undefined;
  readonly deviceCaPassphraseFile?: string | undefined;
  readonly siteTokenFile?: string | undefined;
  /** Product and epoch of each package, by its name. */
  readonly trustOf: (named: string) => { readonly product: string; readonly epoch: number };
}

/**
 * Runs `use` with the blank chips of each socket that personalizes, by its name. Throws
 * `line-device-ca-needed`, `line-device-ca-unused`, the faults of keys, boards, agents and of the clock.
 */
export async function withBlankChips<T>(
  face: Face,
  file: LineFile,
  options: DeviceCaOptions,
  use: (chips: ReadonlyMap<string, BlankChips>) => Promise<T>,
): Promise<T> {
  const named = Object.entries(file.packages).flatMap(([name, { personalize }]) =>
    personalize === undefined ? [] : [[name, personalize] as const],
  );
  if (named.length === 0) {
    if (options.deviceCa !== undefined || options.siteTokenFile !== undefined)
      throw new Fault('line-device-ca-unused');
    return use(new Map());
  }
  checkClock(new Date());
  refuseKnownTestKeys(readPublicKey(file.rootKey));
  const whoOf = ([name, { deviceCa, siteToken }]: readonly [string, LinePersonalization]): Who => {
    const isChosen = options.deviceCa !== undefined || options.siteTokenFile !== undefined;
    const who = isChosen
      ? { deviceCa: options.deviceCa, siteToken: options.siteTokenFile }
      : { deviceCa, siteToken };
    if (who.deviceCa === undefined && who.siteToken === undefined)
      throw new Fault('line-device-ca-needed', { package: name });
    return who;
  };
  const chosen = named.map((one) => ({ name: one[0], ...whoOf(one) }));
  const records = join(options.work, recordsName);
  if (chosen.some(({ deviceCa }) => deviceCa !== undefined)) refuseUnwritableRecords(records);
  const openRemote = async (name: string, tokenFile: string): Promise<Certifying> => {
    const { authority } = file;
    if (authority === undefined) throw misuse('--site-token-file needs the authority of the line file');
    await compareClocks(face.shell, authority);
    const owner = { ...options.trustOf(name), rootPublicKey: readPublicKey(file.rootKey) };
    const deviceCa = await deviceCaOfAuthority(accessAuthority(face, { authority, tokenFile }), owner);
    return { deviceCa, validFrom: () => new Date() };
  };
  const open = async (
    [next, ...others]: typeof chosen,
    certifying: ReadonlyMap<string, Certifying>,
  ): Promise<T> => {
    if (next === undefined) return use(blankChipsOf(file, { ...options, certifying, records }));
    const { name, deviceCa: path, siteToken } = next;
    const goOn = (one: Certifying) => open(others, new Map([...certifying, [name, one]]));
    if (path === undefined) return goOn(await openRemote(name, siteToken!));
    const known = chosen.find((one) => one.deviceCa === path && certifying.has(one.name));
    if (known !== undefined) return goOn(certifying.get(known.name)!);
    const { deviceCaPassphraseFile: passphraseFile } = options;
    const what = { file: path, role: 'device-ca', what: 'the device CA key', passphraseFile } as const;
    return withKey(face, what, (key) => {
      const signer = signerOf(nodeCrypto, key);
      return goOn({ deviceCa: signer, signer, validFrom: () => releaseDate });
    });
  };
  return open(chosen, new Map());
}

const misuse = (detail: string) =>
  new Fault('command-line-invalid', { command: 'firmseal line run', detail });

/** Who certifies the chips of a package: a key file, or the authority by the token of the site. */
interface Who {
  readonly deviceCa?: string | undefined;
  readonly siteToken?: string | undefined;
}

interface Certifying {
  readonly deviceCa: PersonalizeOptions['deviceCa'];
  readonly validFrom: () => Date;
  /** Of a key of this site: it signs records too. */
  readonly signer?: Signer;
}

interface Tools extends DeviceCaOptions {
  /** By the name of the package. */
  readonly certifying: ReadonlyMap<string, Certifying>;
  readonly records: string;
}

function blankChipsOf(file: LineFile, tools: Tools): ReadonlyMap<string, BlankChips> {
  const sockets = file.sockets.filter(({ via }) => via !== undefined);
  const made = new Map<string, ReturnType<typeof setUp>>();
  const setUpOf = (named: string) => {
    const ways = sockets.flatMap((one) => (one.package === named ? [one.via!] : []));
    const ready = made.get(named) ?? setUp(file, { ...tools, named, ways });
    made.set(named, ready);
    return ready;
  };
  return new Map(
    sockets.map(({ name, place, via, package: named }): [string, BlankChips] => [
      name,
      new BlankSocket(setUpOf(named), { name, place, via: via!, work: tools.work }),
    ]),
  );
}

const steps: Readonly<Record<string, BlankStep>> = {
  'agent-written': 'agent-written',
  'identity-made': 'identity-made',
  certified: 'certified',
  protected: 'protected',
};

interface Setup {
  readonly chip: Chip;
  readonly shared: Omit<PersonalizeOptions, 'openProgrammer' | 'openAgent' | 'onStep' | 'validFrom'>;
  /** Of what is certified now: the authority's clock goes on while a line runs. */
  readonly validFrom: () => Date;
  readonly keep: (device: PersonalizedDevice) => Promise<void>;
}

/** What the sockets of one package have in common. */
function setUp(
  file: LineFile,
  {
    named,
    ways,
    certifying,
    trustOf,
    records,
  }: Tools & { readonly named: string; readonly ways: readonly string[] },
): Setup {
  const personalize = file.packages[named]!.personalize!;
  const { chip: id, level, rehearsal = false, neverTriedOnSilicon, board: boardText } = personalize;
  const chip = findChip(id);
  requireAgent(chip);
  const build: AgentBuild = ways.every((via) => parsePlace(via).kind === 'virtual')
    ? 'webassembly'
    : 'machine-code';
  const { board, ...image } = whatToWrite(chip, build, boardText);
  const sha256 = agentSha256(chip, build);
  if (level === 2) requireTried(chip, { ways, agentSha256: sha256 }, { neverTriedOnSilicon });
  const { deviceCa, signer, validFrom } = certifying.get(named)!;
  const shared = {
    ...{ crypto: nodeCrypto, clock: systemClock, chip, level, deviceCa, ...trustOf(named), ...image },
    ...{ rootPublicKey: readPublicKey(file.rootKey) },
    origin: { kind: 'witnessed', rehearsal } as const,
  };
  const keep = async (device: PersonalizedDevice) => {
    if (signer === undefined) return; // the authority has the chip in its log
    const facts = { agentSha256: sha256, board, now: new Date() };
    appendRecord(records, device, await recordOf(signer, device, facts));
  };
  return { chip, shared, validFrom, keep };
}

class BlankSocket implements BlankChips {
  readonly #setup: Setup;
  readonly #place: string;
  readonly #via: string;
  /** There from the start of a personalization until its record is kept. */
  readonly #marker: string;
  #looked = { atMs: Number.NEGATIVE_INFINITY, found: false };

  constructor(
    setup: Setup,
    { name, place, via, work }: { name: string; place: string; via: string; work: string },
  ) {
    this.#setup = setup;
    this.#place = place;
    this.#via = via;
    this.#marker = join(work, 'personalizing', name);
  }

  async isThere(): Promise<boolean> {
    const nowMs = systemClock.nowMs();
    if (nowMs - this.#looked.atMs < lookEveryMs) return this.#looked.found;
    const found = await this.#withProgrammer(async (programmer) => programmer.identify()).then(
      () => true,
      () => false,
    );
    this.#looked = { atMs: systemClock.nowMs(), found };
    return found;
  }

  async prepare(onStep: (step: BlankStep) => void): Promise<void> {
    const lifeCycle = await this.#lifeCycle();
    if (lifeCycle !== undefined && lifeCycle !== 'blank') return this.#recordLate();
    if (lifeCycle === undefined) await this.#refuseIdentity();
    onStep('begun');
    mkdirSync(join(this.#marker, '..'), { recursive: true });
    writeWholeFile(this.#marker, [new Uint8Array(0)]);
    const { chip, shared, validFrom } = this.#setup;
    const device = await personalizeChip({
      ...shared,
      validFrom: validFrom(),
      openProgrammer: () => openProgrammer(this.#via, chip),
      openAgent: () => this.#openAgent(),
      onStep: (step) => {
        const told = steps[step];
        if (told !== undefined) onStep(told);
      },
    });
    await this.#finish(device);
  }

  async #finish(device: PersonalizedDevice): Promise<void> {
    await this.#setup.keep(device);
    rmSync(this.#marker, { force: true });
  }

  /** A run that was killed between the chip's last word and its record: the chip says it once more. */
  async #recordLate(): Promise<void> {
    if (!existsSync(this.#marker)) return;
    let isFinished = false;
    const device = await personalizeChip({
      ...this.#setup.shared,
      validFrom: this.#setup.validFrom(),
      openAgent: () => this.#openAgent(),
      onStep: (step) => {
        isFinished ||= step === 'finished-before';
      },
    }).catch(() => undefined);
    // Another chip than the one that was begun: it stays as it is, and the install finds out whose it is.
    if (device === undefined || !isFinished) rmSync(this.#marker, { force: true });
    else await this.#finish(device);
  }

  /** Throws `line-chip-not-blank`, and the faults of the way. */
  async #refuseIdentity(): Promise<void> {
    const { chip } = this.#setup;
    const { addressStart, length } = chip.layout!.identity;
    const identity = await this.#withProgrammer((programmer) => programmer.read(addressStart, length));
    if (identity.some((byte) => byte !== 0xff))
      throw new Fault('line-chip-not-blank', { socket: this.#place });
  }

  async #withProgrammer<T>(
    use: (programmer: Awaited<ReturnType<typeof openProgrammer>>) => Promise<T>,
  ): Promise<T> {
    const programmer = await openProgrammer(this.#via, this.#setup.chip);
    try {
      return await use(programmer);
    } finally {
      await programmer.close().catch(() => undefined);
    }
  }

  /** Undefined where no agent answers. */
  async #lifeCycle() {
    try {
      const { agent, close } = await this.#openAgent(answerTimeoutMs);
      await close();
      return agent.info.lifeCycle;
    } catch {
      return undefined;
    }
  }

  async #openAgent(timeoutMs?: number) {
    const stream = await openSocket(this.#place);
    const patience = timeoutMs === undefined ? {} : { answerTimeoutMs: timeoutMs, attempts: 2 };
    const agent = await AgentClient.connect({ stream, clock: systemClock, ...patience });
    return { agent, close: () => stream.close() };
  }
}
