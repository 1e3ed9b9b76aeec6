export { webEd25519 } from './ed25519.ts';
export { webCrypto } from './web-crypto.ts';
