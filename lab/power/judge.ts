// What must hold of a chip after power came back, whatever was cut. The cheap part is judged after every run;
// the dear part (hello, attack, a whole install afterwards) once for each state of flash and option bytes,
// since the same state behaves the same.

import { createHash } from 'node:crypto';
import { equalBytes } from '@firmseal/bytes';
import { type Line, NoAnswer, Refused } from '../../device/agent/test/line.ts';
import { attack, enterAgent, hasBooted, holds, makeFirmwares } from './bench.ts';
import { installSteps, type Scenario } from './scenarios.ts';

/** Digests of arrays of cells, which snapshots share: most units are the same from one run to the next. */
const digests = new WeakMap<Uint8Array, string>();

function digestOf(cells: Uint8Array | undefined): string {
  if (cells === undefined) return 'erased';
  let digest = digests.get(cells);
  if (digest === undefined) {
    digest = createHash('sha256').update(cells).digest('hex');
    digests.set(cells, digest);
  }
  return digest;
}

const optionsOf = ({ chip }: Line) =>
  [...chip.judge.snapshot().optionsStored].map(([register, value]) => `${register}=${value}`);

/** By erase unit: what its cells and their error correcting code hold. */
const unitsOf = ({ chip }: Line) =>
  chip.judge.snapshot().flash.map(({ bytes, granules }) => `${digestOf(bytes)} ${digestOf(granules)}`);

const named = (parts: readonly string[]) => createHash('sha256').update(parts.join()).digest('hex');

/** Names the content of flash, of its error correcting code and of the option bytes. */
export const stateOf = (line: Line): string => named([...unitsOf(line), ...optionsOf(line)]);

/**
 * Names what a reset goes by: journal, identity, option bytes. Of the areas it reads nothing (the firmware
 * here is not digested at boot), it only erases them, so recoveries from one name have the same
 * operations, whatever is torn in an area.
 */
export function booksOf(line: Line): string {
  const { journal, identity } = line.chip.chip.layout;
  const ranges = [
    ...journal.flatMap(({ eraseUnits }) => eraseUnits),
    { addressStart: identity.addressStart, sizeBytes: identity.length },
  ];
  const units = unitsOf(line).filter((_, i) => {
    const unit = line.chip.chip.flash.eraseUnits[i]!;
    return ranges.some(
      (one) =>
        unit.addressStart < one.addressStart + one.sizeBytes &&
        one.addressStart < unit.addressStart + unit.sizeBytes,
    );
  });
  return named([...units, ...optionsOf(line)]);
}

const countersSeen = (line: Line) => {
  const { lifeCycle, manifestDigest, securityCounter, readoutLevel } = line.hello();
  return { lifeCycle, manifestDigest, securityCounter, readoutLevel };
};

/**
 * The agent's answer to the hello agrees with what was seen of it; what it boots is whole and the owner's.
 */
export function judgeState(scenario: Scenario, booted: boolean): string[] {
  const { line, firmwares, securityCounter } = scenario;
  const wrong: string[] = [];
  enterAgent(line);
  const said = countersSeen(line);
  const boots = said.lifeCycle === 'installed' || said.lifeCycle === 'reverted';
  if (booted !== boots || (scenario.trial && !booted)) wrong.push(`booted ${booted}, says ${said.lifeCycle}`);
  if (said.securityCounter < securityCounter) wrong.push(`counter fell to ${said.securityCounter}`);
  if (booted) {
    const named = firmwares.find(
      ({ sealed }) => said.manifestDigest && equalBytes(sealed.manifestDigest, said.manifestDigest),
    );
    if (named === undefined || !holds(line, named)) wrong.push('boots a firmware that is not whole');
    else if (said.securityCounter !== named.securityCounter) wrong.push('counter is not the firmware’s');
  }
  const older = firmwares.find((one) => one.securityCounter < said.securityCounter);
  if (older && line.try(0x20, older.sealed.headerBytes).status !== 'counter-rolled-back')
    wrong.push('an older firmware is accepted');
  return wrong;
}

/**
 * An install after it all: as the owner's station does it, from the header on, as often as the chip resets.
 */
export function judgeNextInstall({ line, firmwares, trial }: Scenario): string[] {
  const next = trial?.closing ?? firmwares[1]!;
  enterAgent(line);
  const before = line.hello().installCount;
  const fresh = { ...next, license: next.nextLicense };
  const [header, license, ...records] = installSteps(line, fresh);
  header!.send();
  if (line.license(fresh.license) === 1) {
    enterAgent(line);
    header!.send();
    license!.send();
  }
  for (const { send } of records) send();
  line.receipt(fresh.license, next.sealed.manifest);
  const { installCount, securityCounter } = line.hello();
  line.chip.reset();
  const wrong: string[] = [];
  if (installCount !== before + 1) wrong.push('the next install was not counted');
  if (securityCounter !== next.securityCounter) wrong.push('the next install has another counter');
  if (!hasBooted(line) || !holds(line, next)) wrong.push('the next install does not boot whole');
  for (const one of trial ? [] : firmwares)
    if (one !== next && holds(line, one)) wrong.push('the former firmware stands beside the next');
  return wrong;
}

/** Whatever an install begins with when the chip is still blank, or only just personalized. */
export async function judgePersonalization(scenario: Scenario): Promise<string[]> {
  const { line, options } = scenario;
  if (line.info().get(3) === 0) await line.personalize(1);
  const { lifeCycle, readoutLevel } = line.hello();
  if (lifeCycle !== 'personalized' || readoutLevel !== 1) return [`${lifeCycle}, level ${readoutLevel}`];
  return judgeNextInstall({ ...scenario, firmwares: await makeFirmwares(line, options) });
}

export class PowerJudge {
  readonly #scenario: Scenario;
  readonly #known = new Map<string, readonly string[]>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** States of flash and option bytes that were judged. */
  get states(): number {
    return this.#known.size;
  }

  /** What is wrong with the chip as it stands, on and after its boot. The chip is as before afterwards. */
  async judge(): Promise<readonly string[]> {
    const { line, firmwares } = this.#scenario;
    const booted = hasBooted(line);
    if (booted && !firmwares.some((one) => holds(line, one))) return ['boots a firmware that is not whole'];
    // A word that was torn may read differently one day, so the journal must be rid of
    // it before it is acted on.
    const { journal } = line.chip.chip.layout;
    for (const { eraseUnits } of firmwares.length > 0 ? journal : [])
      for (const { addressStart, sizeBytes } of eraseUnits)
        if (!line.chip.judge.isReadable(addressStart, sizeBytes))
          return ['acts on a journal with a torn word'];
    const state = `${booted} ${stateOf(line)}`;
    let wrong = this.#known.get(state);
    if (wrong === undefined) {
      wrong = await this.#judgeOnce(booted);
      this.#known.set(state, wrong);
    }
    return wrong;
  }

  async #judgeOnce(booted: boolean): Promise<string[]> {
    const scenario = this.#scenario;
    const { judge } = scenario.line.chip;
    const here = judge.snapshot();
    const wrong: string[] = [];
    try {
      if (scenario.firmwares.length === 0) wrong.push(...(await judgePersonalization(scenario)));
      else {
        wrong.push(...judgeState(scenario, booted));
        judge.restore(here);
        for (const one of scenario.firmwares) {
          wrong.push(...attack(scenario.line, one));
          judge.restore(here);
        }
        wrong.push(...judgeNextInstall(scenario));
      }
    } catch (error) {
      if (error instanceof Refused) wrong.push(`refused: ${error.code}`);
      else if (error instanceof NoAnswer) wrong.push('no answer');
      else wrong.push(String(error));
    }
    judge.restore(here);
    return wrong;
  }
}
