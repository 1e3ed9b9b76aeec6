// Which chips `npm run lab -- ways` asks its suites for. The tests of the whole tree ask for none, and get a
// sample or nothing.

/** Ids of the catalogue. */
export const askedChips = (): readonly string[] =>
  (process.env['FIRMSEAL_WAYS'] ?? '').split(',').filter((id) => id !== '');
