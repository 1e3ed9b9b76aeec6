// An agent whose nonces are the generator's own bytes. The one that ships takes them from a DRBG, so no test
// could say which nonce a hello carries; the licenses of the vectors and of the fuzzing are for one that they
// name.

import type { Weakening } from '../toolchain/defences.ts';

export const nonceFromPort: Weakening = {
  'hello-nonce': 'FS_TRY_AS(fs_port_random(nonce, sizeof nonce), FS_ERR_RANDOM_FAILED);',
};
