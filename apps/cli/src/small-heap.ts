// Memory of commands that read a long history: nearly all that they make is garbage at once.

import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the space for new objects as small as it is now. V8 would let it grow to 96 MiB, of which an audit of
 * 10,000 units keeps nothing. V8 reads this flag each time that it may grow, so it may be set late; the price
 * is a tenth of CPU time.
 */
export const keepYoungGenerationSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
