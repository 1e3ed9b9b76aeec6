// The end of the check on silicon: one chip goes through what chips go through in production, with an owner
// whose keys nobody keeps. Personalization, the random generator as far as the agent shows it, an install, an
// update, an update whose cable is cut, one whose power is cut; each install ends with a receipt that is
// verified. The first step that fails ends the trial, the others are skipped.

import { randomBytes } from 'node:crypto';
import { AgentClient, type AgentInfo } from '@firmseal/agent-client';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import type { Chip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault, faultLabel } from '@firmseal/fault';
import { parseHelloUnverified } from '@firmseal/license';
import { type ByteStream, sleep, systemClock } from '@firmseal/link';
import {
  agentWriter,
  awaitAgent,
  type ImagePart,
  type OpenAgent,
  personalizeChip,
} from '@firmseal/personalization';
import { createInstallVerifier, type InstallResult, runInstall } from '@firmseal/programmer';
import { generatorStatistics, looksRandom, type SiliconCheck } from '@firmseal/silicon';
import {
  createOwner,
  defaultConditions,
  memoryJournal,
  type VirtualOwner,
  virtualProduct,
} from '@firmseal/virtual-line';
import { exampleImage } from '../demo/example-image.ts';
import { openProgrammer } from '../programmer-place.ts';
import { releaseDate } from '../release-date.ts';
import { openSocket } from '../sockets.ts';

export interface Trial {
  readonly chip: Chip;
  readonly via: string;
  readonly socket: string;
  readonly image: readonly ImagePart[];
  readonly leastMillivolts?: number;
  /** 0 leaves everything reversible; 2 is for good. */
  readonly level: 0 | 2;
  /** The steps after personalization. */
  readonly installs: boolean;
  /** Asks somebody to cut the power; undefined: nobody is there to do it. */
  readonly onPowerCut?: (() => void) | undefined;
  readonly onCheck: (check: SiliconCheck) => void;
}

/** Small: a chip of 64 MHz takes seconds for it, a simulated one not much more. */
const imageBytes = 24 * 1024;
/** Nonces of hellos, 16 bytes each. */
const nonces = 64;
/** Between two records, while somebody cuts the power. */
const pauseMs = 4000;
/** How long somebody has to cut the power and give it back. */
const patienceMs = 120_000;
/** Nothing but a frame with a record is as long. */
const recordFrameBytes = 1024;

interface InstallOptions {
  readonly wrap?: (stream: ByteStream) => ByteStream;
  readonly signal?: AbortSignal;
  /** The link was lost, or the chip does not answer. */
  readonly onRestart?: () => void;
}

type Found = Omit<SiliconCheck, 'name' | 'milliseconds'>;

/** Never throws a fault: it is what the trial found. */
export async function tryChip(trial: Trial): Promise<SiliconCheck[]> {
  const owner = await createOwner(imageOf(trial.chip, 1), trial.chip.id, defaultConditions);
  try {
    return await new ChipTrial(trial, owner).run();
  } finally {
    await owner.end();
  }
}

const imageOf = (chip: Chip, version: number) =>
  exampleImage(chip, { sizeBytes: imageBytes, label: `trial ${version}` });

class ChipTrial {
  readonly #trial: Trial;
  readonly #owner: VirtualOwner;
  readonly #checks: SiliconCheck[] = [];
  #version = 0;
  #failed = '';

  constructor(trial: Trial, owner: VirtualOwner) {
    this.#trial = trial;
    this.#owner = owner;
  }

  async run(): Promise<SiliconCheck[]> {
    const { level, installs, onPowerCut } = this.#trial;
    await this.#step(level === 0 ? 'rehearsal' : 'level-2-personalization', () => this.#personalize());
    if (!installs) return this.#checks;
    const named = (name: string) => (level === 0 ? name : `level-2-${name}`);
    if (level === 0) await this.#step('generator', () => this.#generator());
    await this.#step(named('install'), () => this.#installed());
    await this.#step(named('update'), () => this.#installed());
    await this.#step(named('link-cut'), () => this.#linkCut());
    if (onPowerCut !== undefined) await this.#step(named('power-cut'), () => this.#powerCut(onPowerCut));
    return this.#checks;
  }

  async #step(name: string, action: () => Promise<Found>): Promise<void> {
    const startMs = systemClock.nowMs();
    let found: Found;
    if (this.#failed !== '') found = { outcome: 'skipped', found: `after ${this.#failed} failed` };
    else
      try {
        found = await action();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        found = { outcome: 'fail', found: faultText(error) };
      }
    if (found.outcome === 'fail') this.#failed = name;
    const check = { name, ...found, milliseconds: Math.round(systemClock.nowMs() - startMs) };
    this.#checks.push(check);
    this.#trial.onCheck(check);
  }

  readonly #openAgent: OpenAgent = async () => {
    const stream = await openSocket(this.#trial.socket);
    const agent = await AgentClient.connect({ stream, clock: systemClock });
    return { agent, close: () => stream.close() };
  };

  async #personalize(): Promise<Found> {
    const { chip, via, image, level, leastMillivolts } = this.#trial;
    const { rootPublicKey, deviceCa } = this.#owner;
    const steps: string[] = [];
    const expected = `personalized at level ${level}, as the chip itself says`;
    try {
      await personalizeChip({
        ...{
          crypto: nodeCrypto,
          clock: systemClock,
          chip,
          agentImage: image,
          rootPublicKey,
          deviceCa,
          level,
        },
        ...(leastMillivolts !== undefined && { leastMillivolts }),
        openProgrammer: () => openProgrammer(via, chip),
        openAgent: this.#openAgent,
        ...{ product: virtualProduct, epoch: 0, validFrom: releaseDate },
        origin: { kind: 'witnessed', rehearsal: level === 0 },
        onStep: (step) => steps.push(step),
      });
      return { outcome: 'pass', expected, found: steps.join(', ') };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const reached = steps.length === 0 ? 'nothing' : steps.join(', ');
      return { outcome: 'fail', expected, found: `after ${reached}: ${faultText(error)}` };
    }
  }

  async #generator(): Promise<Found> {
    if (!this.#trial.chip.hasRandomGenerator)
      return { outcome: 'skipped', found: 'this chip has no random generator' };
    const { agent, close } = await this.#openAgent();
    try {
      const blocks: Uint8Array[] = [];
      for (let i = 0; i < nonces; i++)
        blocks.push(parseHelloUnverified((await agent.hello(nodeCrypto.randomBytes(32))).hello).nonce);
      const found = generatorStatistics(blocks);
      const { longestRun, runCutoff, mostInWindow, windowCutoff, chiSquare, chiSquareLimit } = found;
      return {
        outcome: looksRandom(found) ? 'pass' : 'fail',
        expected: `run below ${runCutoff}, of one value below ${windowCutoff} in 512, chi-square below ${chiSquareLimit}, no block twice`,
        found: `${found.sampleBytes} bytes: run ${longestRun}, of one value ${mostInWindow}, chi-square ${chiSquare.toFixed(1)}, blocks twice ${found.repeatedBlocks}`,
      };
    } finally {
      await close();
    }
  }

  /** A package of the next version, and a job for this chip alone. */
  async #order() {
    const { chip, level } = this.#trial;
    const version = ++this.#version;
    const sealed = await this.#owner.seal(level, {
      ...{ image: imageOf(chip, version), firmwareVersion: `${version}.0.0`, securityCounter: version },
    });
    const job = await this.#owner.openJob(sealed, 1, level === 0 ? ['REHEARSAL', 'UNPROTECTED'] : []);
    const verifier = createInstallVerifier(nodeCrypto, {
      sealed: sealed.sealed,
      verifyCertificate: (der) =>
        verifyDeviceCertificate(nodeCrypto, der, {
          caPublicKeys: [this.#owner.deviceCa.publicKey],
          ...{ product: virtualProduct, now: new Date() },
        }),
    });
    const journal = memoryJournal();
    return (options: InstallOptions = {}) =>
      runInstall({
        ...{ socket: this.#trial.socket, socketNumber: 1, sealed: sealed.sealed, authority: job.line },
        opener: {
          open: async (socket) => {
            const stream = await openSocket(socket);
            return options.wrap === undefined ? stream : options.wrap(stream);
          },
        },
        ...{ journal, verifier, clock: systemClock, now: () => new Date() },
        newId: () => randomBytes(16).toString('hex'),
        onEvent: ({ kind }) => {
          if (kind === 'restart') options.onRestart?.();
        },
        ...(options.signal && { signal: options.signal }),
      });
  }

  #judged(result: InstallResult, before = ''): Found {
    const wanted = this.#trial.level === 0 ? 'rehearsal' : 'pass';
    const expected = `${before === '' ? '' : `${before}; then `}a receipt that verifies: ${wanted.toUpperCase()}`;
    if (result.outcome === 'fail') return { outcome: 'fail', expected, found: faultText(result.fault) };
    const { programMs, totalMs } = result.times;
    const speed = ((imageBytes / 1024) * 1000) / Math.max(1, programMs);
    return {
      ...{ outcome: result.outcome === wanted ? 'pass' : 'fail', expected },
      found: `${result.outcome.toUpperCase()}, version ${this.#version}.0.0: ${imageBytes / 1024} KiB at ${speed.toFixed(1)} KiB/s, ${(totalMs / 1000).toFixed(1)} s in all`,
    };
  }

  async #installed(): Promise<Found> {
    return this.#judged(await (await this.#order())());
  }

  /** The program dies in the middle of the records, and is started again. */
  async #linkCut(): Promise<Found> {
    const install = await this.#order();
    const death = new AbortController();
    let records = 0;
    const cut = await install({
      signal: death.signal,
      wrap: (stream) => ({
        ...bound(stream),
        write: async (bytes) => {
          if (bytes.length > recordFrameBytes && ++records > 2) death.abort();
          await stream.write(death.signal.aborted ? bytes.subarray(0, bytes.length >> 1) : bytes);
        },
      }),
    });
    if (cut.outcome !== 'fail') return { outcome: 'fail', found: 'the install ended before it was cut' };
    return this.#judged(await install(), 'cut in a record');
  }

  /** Somebody takes the power while records are written slowly, and gives it back. */
  async #powerCut(onPowerCut: () => void): Promise<Found> {
    const install = await this.#order();
    const death = new AbortController();
    let records = 0;
    const cut = await install({
      signal: death.signal,
      onRestart: () => death.abort(),
      wrap: (stream) => ({
        ...bound(stream),
        write: async (bytes) => {
          if (bytes.length > recordFrameBytes) {
            if (++records === 2) onPowerCut();
            if (records > 1) await sleep(systemClock, pauseMs);
          }
          await stream.write(bytes);
        },
      }),
    });
    if (cut.outcome !== 'fail') return { outcome: 'skipped', found: 'nobody cut the power in time' };
    const { nextRecord, lifeCycle } = await this.#awaitPower();
    if (nextRecord > 0) return { outcome: 'skipped', found: 'the chip did not lose its power' };
    return this.#judged(await install(), `power cut while records were written, life cycle ${lifeCycle}`);
  }

  /** Until the agent answers again: started from the ROM bootloader where BOOT0 leads into it. */
  async #awaitPower(): Promise<AgentInfo> {
    const { chip, via, level } = this.#trial;
    const endMs = systemClock.nowMs() + patienceMs;
    for (;;)
      try {
        const { agent, close } = await awaitAgent(this.#openAgent, { clock: systemClock, withinMs: 1 });
        await close();
        return agent.info;
      } catch (error) {
        if (!(error instanceof Fault) || systemClock.nowMs() >= endMs) throw error;
        if (level === 0)
          await agentWriter(() => openProgrammer(via, chip), chip)
            .start()
            .catch(() => undefined);
      }
  }
}

const bound = (stream: ByteStream): ByteStream => ({
  write: (bytes) => stream.write(bytes),
  listen: (listener) => stream.listen(listener),
  close: () => stream.close(),
});

const faultText = (fault: Fault): string => `${faultLabel(fault.code)} ${fault.code}: ${fault.message}`;
