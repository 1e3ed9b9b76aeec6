// A board that is in use: what is known of it, and why an update cannot take it over.

import type { Chip, OptionValues, Range, ReadoutLevel } from '@firmseal/chips';

export interface SoldBoard {
  readonly chip: Chip;
  /** As read, or as the owner set them when the board was made. */
  readonly options: OptionValues;
  readonly level: ReadoutLevel;
  /** What must stay until the new agent starts: the bootloader, and the application that is to go on. */
  readonly kept: readonly { readonly name: string; readonly range: Range }[];
  /** Where the adoption image is written: the place of the application, or a free one. */
  readonly place: Range;
}

/** Why a board has to come back; each has a sentence. */
export type Obstacle =
  | { readonly reason: 'no-generator' }
  | { readonly reason: 'no-switch' }
  | { readonly reason: 'no-adopter' }
  | { readonly reason: 'level-2' }
  | { readonly reason: 'boot-changed'; readonly field: string; readonly value: number }
  | { readonly reason: 'execute-only'; readonly range: Range }
  | { readonly reason: 'in-the-way'; readonly name: string; readonly range: Range; readonly needed: string }
  | { readonly reason: 'place-too-small'; readonly needs: number; readonly has: number }
  | { readonly reason: 'place-unaligned'; readonly alignmentBytes: number }
  | { readonly reason: 'no-path' };
