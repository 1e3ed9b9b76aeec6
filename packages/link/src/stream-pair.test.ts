// The pair in process does what every byte stream does.

import { byteStreamSuite } from '../test/index.ts';
import { createStreamPair } from './stream-pair.ts';

byteStreamSuite(async () => {
  const [near, far] = createStreamPair();
  return { near, far };
});
