// `npm test` takes a short sample of what would take minutes: fewer chips, fewer inputs, one
// planted defect instead of five. With FIRMSEAL_WHOLE=1, which `npm run lab -- suites` sets,
// the same suites take everything.

/** Whether the suites run whole. */
export const isWhole = process.env['FIRMSEAL_WHOLE'] === '1';

/** `whole` when suites run whole, else the `sample` of it. */
export const sampled = <T>(whole: T, sample: T): T => (isWhole ? whole : sample);
