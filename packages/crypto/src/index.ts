export type { Crypto, Hasher, KeyPair } from './crypto.ts';
