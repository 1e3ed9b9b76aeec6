// Moments as people read them.

/** `2026-01-02 03:04:05Z`; `no date` for a number that no calendar has. */
export function showTime(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().replace('T', ' ').replace(/\.\d+/, '');
}
