export type { Crypto, Hasher, KeyPair } from './crypto.ts';
export { hasHighS, lowS } from './low-s.ts';
