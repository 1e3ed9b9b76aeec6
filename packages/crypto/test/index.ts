export { aesGcmSuite } from './aes-gcm-suite.ts';
export { digestSuite } from './digests-suite.ts';
export { es256Suite } from './es256-suite.ts';
export { p256Suite } from './p256-suite.ts';
