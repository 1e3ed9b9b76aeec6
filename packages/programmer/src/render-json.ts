// JSON lines for programs: one event a line, its kind as `event`, as every command of firmseal names
// it. Fields are added, never renamed.

import type { InstallEvent } from './events.ts';

/** One line without its line feed. */
export function renderJson({ kind, ...fields }: InstallEvent): string {
  return JSON.stringify({ event: kind, ...fields });
}
