export type { AesKey, Crypto, Hasher, KeyPair } from './crypto.ts';
