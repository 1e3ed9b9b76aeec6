// Names of the chain that a program outside of a test runner needs too.

export const product = 'panel';

/** Of all keys of the chain. */
export const environment = { FIRMSEAL_PASSPHRASE: 'words for this test and nothing else' };
