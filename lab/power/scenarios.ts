// What power is cut in: personalization, first install, update, update that changes option bytes. A scenario
// is a chip and the messages that it gets; the campaign takes a snapshot ahead of each.

import { decodeCbor } from '@firmseal/cbor-cose';
import { finalOptions, findChip, findOptionField } from '@firmseal/chips';
import { type Line, personalizeBegin, personalizeFinish } from '../../device/agent/test/line.ts';
import { ApplicationPlayer, type Manner } from '../../device/agent/test/trial-application.ts';
import { certify } from '../../device/agent/test/trusted-site.ts';
import {
  type BenchOptions,
  blankBench,
  enterAgent,
  type Firmware,
  makeTrialFirmwares,
  prepareBench,
} from './bench.ts';

export interface Step {
  readonly name: string;
  /** Sends one message. Throws when it is refused. */
  readonly send: () => void;
}

export interface Scenario {
  readonly name: string;
  readonly line: Line;
  readonly options: BenchOptions;
  readonly steps: readonly Step[];
  /** Firmware that may be whole and bootable afterwards; none after a personalization. */
  readonly firmwares: readonly Firmware[];
  /** The security counter ahead of the scenario. */
  readonly securityCounter: number;
  /**
   * Two applications beside each other, of which one has to boot whatever is cut; and what
   * is installed after it all.
   */
  readonly trial?: { readonly closing: Firmware };
}

export function installSteps(line: Line, { sealed, license }: Firmware): Step[] {
  return [
    { name: 'package', send: () => line.package(sealed) },
    { name: 'license', send: () => void line.license(license) },
    ...sealed.records.map((record, i) => ({
      name: i === sealed.records.length - 1 ? 'last record' : 'records',
      send: () => void line.record(i, record),
    })),
  ];
}

export async function installScenario(options: BenchOptions): Promise<Scenario> {
  const { line, firmwares } = await prepareBench(options);
  const steps = installSteps(line, firmwares[0]);
  return { name: 'install', line, options, steps, firmwares, securityCounter: 0 };
}

export async function updateScenario(options: BenchOptions): Promise<Scenario> {
  const { line, firmwares } = await prepareBench(options);
  for (const { send } of installSteps(line, firmwares[0])) send();
  enterAgent(line);
  return {
    ...{ name: 'update', line, options, firmwares, securityCounter: firmwares[0].securityCounter },
    steps: installSteps(line, firmwares[1]),
  };
}

/** The update asks for a reset when the chip enters standby: the chip applies it and resets in the middle. */
export async function optionScenario(options: BenchOptions): Promise<Scenario> {
  const chip = findChip(options.chipId);
  const { register, lsb } = findOptionField(chip, chip.id === 'stm32h743' ? 'nRST_STBY_D1' : 'nRST_STDBY');
  const optionBytes = [{ register, mask: 1 << lsb, value: 0 }];
  const made = await updateScenario({ ...options, optionBytes });
  const update = made.firmwares[1]!;
  const [header, license] = made.steps as [Step, Step];
  const again = installSteps(made.line, update);
  // The former firmware is still valid, so the reset of the option bytes leads into it.
  const after = {
    name: 'package after options',
    send: () => {
      enterAgent(made.line);
      again[0]!.send();
    },
  };
  return {
    ...{ ...made, name: 'option bytes' },
    steps: [header, { ...license, name: 'license with options' }, after, ...again.slice(1)],
  };
}

/** Ends with the chip's own reset at readout level 1. */
export async function personalizationScenario(options: BenchOptions): Promise<Scenario> {
  const line = await blankBench(options);
  const { chip } = line.chip;
  const seed = chip.hasRandomGenerator ? undefined : new Uint8Array(32).fill(0x5e);
  const answer = line.request(0x10, personalizeBegin(seed));
  const [signingKey, kemKey] = decodeCbor(answer, { maxBytes: 4096 }) as Uint8Array<ArrayBuffer>[];
  const certificate = await certify({ signingKey: signingKey!, kemKey: kemKey!, chipId: chip.id });
  const body = personalizeFinish(certificate, finalOptions(chip, 1));
  return {
    ...{ name: 'personalization', line, options, firmwares: [], securityCounter: 0 },
    steps: [{ name: 'personalize', send: () => void line.request(0x11, body) }],
  };
}

/** Two firmwares side by side: install on trial, trial boot, and the reset that decides: confirmed or not. */
async function trialScenario(options: BenchOptions, manner: Manner): Promise<Scenario> {
  const player = new ApplicationPlayer();
  const line = await blankBench({ ...options, player });
  await line.personalize(1);
  const [former, next, closing] = await makeTrialFirmwares(line);
  for (const { send } of installSteps(line, former)) send();
  enterAgent(line);
  player.manner = manner;
  return {
    ...{ name: manner === 'confirms' ? 'trial, confirmed' : 'trial, reverted', line, options },
    ...{ firmwares: [former, next], securityCounter: former.securityCounter, trial: { closing } },
    steps: [
      ...installSteps(line, next),
      { name: 'trial boot', send: () => line.chip.reset() },
      { name: 'decision', send: () => line.chip.reset() },
    ],
  };
}

export const confirmedScenario = (options: BenchOptions) => trialScenario(options, 'confirms');
export const revertedScenario = (options: BenchOptions) => trialScenario(options, 'silent');

/** What the campaign runs on each chip. */
export const scenarioRuns = [
  { make: personalizationScenario, policies: ['resume'] },
  { make: installScenario, policies: ['resume', 'erase'] },
  { make: updateScenario, policies: ['resume', 'erase'] },
  { make: optionScenario, policies: ['resume'] },
  { make: confirmedScenario, policies: ['resume'] },
  { make: revertedScenario, policies: ['resume'] },
] as const;

/** What is sampled on machine code. */
export const machineRuns = [
  personalizationScenario,
  installScenario,
  updateScenario,
  revertedScenario,
] as const;
