export { fromBase64url, toBase64url } from './base64url.ts';
export { type Bytes, concatBytes, equalBytes, fromHex, toHex, u32be, u32le, utf8 } from './bytes.ts';
export { crc32, crc32Update } from './crc32.ts';
export { Secret } from './secret.ts';
