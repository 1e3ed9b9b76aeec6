// How an install, and the work of a station, can end.

/** Besides PASS, the most serious first; spec/receipt.md section 4. */
export const weaknesses = ['REHEARSAL', 'UNPROTECTED', 'REPAIRABLE', 'UNWITNESSED', 'ENROLLED'] as const;
export const outcomes = ['PASS', ...weaknesses] as const;

/** What a station says of a unit; never a receipt. */
export const stationResults = ['DONE-UNPROVEN', 'FAILED', 'UNKNOWN'] as const;
