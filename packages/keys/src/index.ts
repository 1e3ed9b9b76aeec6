export type { KeyInfo } from './key-document.ts';
export {
  createKeyFile,
  inspectKeyFile,
  type KeyCrypto,
  makeKey,
  type OpenedKey,
  openKeyFile,
  tokenKeyFile,
} from './key-file.ts';
export { noteSignerOf, type Signer, signerOf, type Unwrapper, unwrapperOf } from './key-holder.ts';
export { isKeyRole, type KeyRole, keyRoles, p256Roles } from './key-role.ts';
export { knownTestKeys, refuseKnownTestKeys } from './known-test-keys.ts';
export { findPassphrase, passphraseOf, passphraseVariable, refuseWeakPassphrase } from './passphrase.ts';
export { defaultScryptCost, type ScryptCost } from './passphrase-key.ts';
export type { OpenTokenKey, TokenKey, TokenKeyPlace } from './token-key.ts';
