// How an owner's update page looks and what it says: `--settings` of `firmseal updater build`.
// docs/updater.md lists the fields. Colours that people with weak eyes could not read are refused.

import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

const settingsFormat = 'firmseal-updater-1';
const color = z.string().regex(/^#[0-9a-f]{6}$/i, 'it is no colour of the form #1a2b3c');
const colors = z.strictObject({ accent: color, onAccent: color }).optional();
const line = z.string().min(1).max(200);

const shape = z.strictObject({
  format: z.literal(settingsFormat),
  title: line.optional(),
  contact: line.optional(),
  language: z.enum(['en', 'de']).optional(),
  colors: z.strictObject({ light: colors, dark: colors }).optional(),
});

export type PageSettings = z.infer<typeof shape>;

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** WCAG 2.2, success criterion 1.4.3: 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const leastContrast = 4.5;
/** Of the panel behind the buttons (apps/updater/src/styles.ts). */
const panels = { light: '#f3f5f8', dark: '#1f2329' } as const;

function refusePale(file: string, { colors: all }: PageSettings): void {
  for (const scheme of ['light', 'dark'] as const) {
    const pair = all?.[scheme];
    if (pair === undefined) continue;
    for (const [name, ground] of [
      ['onAccent', pair.onAccent],
      ['the panel', panels[scheme]],
    ] as const) {
      const found = contrast(pair.accent, ground);
      if (found >= leastContrast) continue;
      const problem = `colors.${scheme}: accent on ${name} has a contrast of ${found.toFixed(1)}, and 4.5 is the least`;
      throw new Fault('update-settings-invalid', { file, problem });
    }
  }
}

/** The defaults without a file. Throws `update-settings-invalid`, and what readBoundedFile does. */
export function readPageSettings(file: string | undefined): PageSettings {
  if (file === undefined) return { format: settingsFormat };
  const read = readJsonFile(file, shape);
  if ('problem' in read) throw new Fault('update-settings-invalid', { file, problem: read.problem });
  refusePale(file, read.data);
  return read.data;
}
