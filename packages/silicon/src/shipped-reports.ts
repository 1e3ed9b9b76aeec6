// The reports that this release carries. The list is empty: no firmseal agent is known to have run on
// silicon. A report that passes `firmseal silicon report` is added here as a file, by whoever received it.

import type { SiliconReport } from './report.ts';

export const shippedReports: readonly SiliconReport[] = [];
