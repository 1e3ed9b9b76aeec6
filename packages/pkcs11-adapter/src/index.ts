export { makeTokenKey, openTokenKey } from './token-key.ts';
