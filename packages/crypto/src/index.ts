export type { Crypto, EphemeralSecret, Hasher, KeyPair } from './crypto.ts';
export type { Ed25519, Ed25519KeyPair } from './ed25519.ts';
export { hasHighS, lowS } from './low-s.ts';
export { rememberVerified } from './remember-verified.ts';
