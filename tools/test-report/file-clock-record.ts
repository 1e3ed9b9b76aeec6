// What file-clock.ts writes about a test file: one JSON object a line.

/** Seconds that one test file took. `path` is relative to the project's root. */
export type FileTime = { path: string; cpuSeconds: number; clockSeconds: number };

export function parseFileTimes(text: string): FileTime[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as FileTime);
}
