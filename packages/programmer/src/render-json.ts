// JSON lines for programs: one event a line, exactly its fields, `v` first. Fields are added, never renamed.

import type { InstallEvent } from './events.ts';

/** One line without its line feed. */
export function renderJson(event: InstallEvent): string {
  return JSON.stringify({ v: 1, ...event });
}
