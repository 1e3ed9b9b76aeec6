// A plan for people: the steps in their order, or why a board must come back.

import {
  type Chip,
  eraseProgramTimeUs,
  hexAddress,
  type OptionRequirement,
  type Range,
} from '@firmseal/chips';
import type { AdoptionPlan, AdoptionStep, Obstacle } from '@firmseal/personalization';

const rangeText = ({ addressStart, length }: Range): string =>
  `${hexAddress(addressStart)}..${hexAddress(addressStart + length - 1)}`;

/** One sentence. */
function obstacleText(chip: Chip, obstacle: Obstacle): string {
  switch (obstacle.reason) {
    case 'no-generator':
      return `${chip.id} has no random generator: its keys need a seed, which only a trusted site may give it.`;
    case 'no-switch':
      return `A reset of ${chip.id} always starts the first erase unit of flash: a power cut between its erase and its write leaves nothing that starts.`;
    case 'no-adopter':
      return `There is no adopter for ${chip.id} yet.`;
    case 'level-2':
      return 'Readout level 2 freezes the option bytes: where a reset starts cannot be changed, by anybody, ever. Its chip must be replaced.';
    case 'boot-changed':
      return `${obstacle.field} is ${obstacle.value}: this board does not start where a blank part starts.`;
    case 'execute-only':
      return `${rangeText(obstacle.range)} can only be executed (PCROP), and only a regression lifts that.`;
    case 'in-the-way':
      return `${obstacle.name[0]!.toUpperCase()}${obstacle.name.slice(1)} at ${rangeText(obstacle.range)} stands where ${obstacle.needed} goes.`;
    case 'place-too-small':
      return `The adoption image has ${obstacle.needs} bytes, its place ${obstacle.has}.`;
    case 'place-unaligned':
      return `The place does not begin at a multiple of ${obstacle.alignmentBytes} bytes.`;
    case 'no-path':
      return 'There is no way of single bits from the present boot address to the new one over free erase units.';
  }
}

function optionText(chip: Chip, { register, mask, value }: OptionRequirement): string {
  const { name } = chip.options.registers[register]!;
  return `${name} bits 0x${mask.toString(16)} = 0x${value.toString(16)}`;
}

function stepText(chip: Chip, step: AdoptionStep): string[] {
  switch (step.kind) {
    case 'require':
      return [];
    case 'units':
      return [`erase and write ${rangeText(step.units)}: ${step.holds}`];
    case 'image':
      return [`erase and write ${rangeText(step.units)}: a copy of the adopter`];
    case 'option':
      return [
        `option bytes: ${step.meaning} (${step.wanted.map((one) => optionText(chip, one)).join(', ')})`,
      ];
  }
}

const content = (step: AdoptionStep): Range[] => {
  if (step.kind === 'units') return [{ ...step.units, length: Math.max(1, step.bytes.length) }];
  return step.kind === 'image' ? [step.units] : [];
};

export function planLines(chip: Chip, plan: AdoptionPlan): string[] {
  if (!plan.possible) return plan.obstacles.map((one) => obstacleText(chip, one));
  const ranges = plan.steps.flatMap(content);
  const seconds = eraseProgramTimeUs(chip, ranges, 'typical') / 1e6;
  return [
    `The image has ${plan.imageBytes} bytes; the flash is busy for about ${Math.ceil(seconds)} s after it was started. In this order:`,
    ...plan.steps
      .flatMap((step) => stepText(chip, step))
      .map((text, i) => `${String(i + 1).padStart(3)}. ${text}`),
  ];
}

/** For programs: without the bytes. */
export const planData = (plan: AdoptionPlan) =>
  plan.possible
    ? {
        ...{ possible: true, imageBytes: plan.imageBytes },
        steps: plan.steps.map((step) => {
          if (step.kind !== 'units') return step;
          const { bytes, ...rest } = step;
          return { ...rest, bytes: bytes.length };
        }),
      }
    : { possible: false, obstacles: plan.obstacles };
