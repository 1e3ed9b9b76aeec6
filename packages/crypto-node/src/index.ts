export { openAes128Gcm } from './aes128-gcm.ts';
export { nodeCrypto } from './node-crypto.ts';
