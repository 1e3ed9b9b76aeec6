export type { KeyInfo } from './key-document.ts';
export {
  createKeyFile,
  inspectKeyFile,
  makeKey,
  type OpenedKey,
  openKeyFile,
  tokenKeyFile,
} from './key-file.ts';
export { type Signer, signerOf, type Unwrapper, unwrapperOf } from './key-holder.ts';
export { isKeyRole, type KeyRole, keyRoles } from './key-role.ts';
export { knownTestKeys, refuseKnownTestKeys } from './known-test-keys.ts';
export { findPassphrase, passphraseOf, passphraseVariable, refuseWeakPassphrase } from './passphrase.ts';
export { defaultScryptCost, type ScryptCost } from './passphrase-key.ts';
export type { OpenTokenKey, TokenKey, TokenKeyPlace } from './token-key.ts';
