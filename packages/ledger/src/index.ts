export { fromBase64, toBase64 } from './base64.ts';
export {
  type Checkpoint,
  formatCheckpoint,
  type LedgerTrust,
  parseCheckpoint,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
export {
  type ChainBreak,
  decodeLogEntry,
  emptyHead,
  encodeLogEntry,
  LogChain,
  type LogEvent,
  type LogHead,
  type LogKind,
  type LogRow,
  leafHash,
  nextLogRow,
} from './entry.ts';
export { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';
export { growOpened, growTiles, type LedgerFolder } from './grow-tiles.ts';
export {
  decodeLedgerPolicy,
  encodeLedgerPolicy,
  type LedgerPolicyTexts,
  ledgerPolicySizeBytesAtMost,
  mostPolicyWitnesses,
  noteKeyLengthAtMost,
  textsOfLedgerPolicy,
} from './ledger-policy.ts';
export {
  encodeLedgerProof,
  formatLedgerProof,
  type LedgerProof,
  ledgerProofSizeBytesAtMost,
  type ProvenEntry,
  parseLedgerProof,
  verifyLedgerProof,
} from './ledger-proof.ts';
export {
  findSignature,
  formatNote,
  formatNoteKey,
  formatSignatures,
  isNoteName,
  type Note,
  type NoteKey,
  type NoteKeyKind,
  type NoteSignature,
  type NoteSigner,
  noteKeyId,
  parseNote,
  parseNoteKey,
  parseSignatures,
  signNote,
} from './note.ts';
export {
  encodeOpened,
  type OpenedEntry,
  OpenedFile,
  type OpenedValue,
  openedPath,
  readOpened,
  type SealedEntry,
} from './opened.ts';
export type { DecodedLogEntry, LogFields } from './plain-entry.ts';
export { type TreeHead, verifyConsistency, verifyInclusion } from './proof.ts';
export {
  type LedgerFiles,
  ledgerFileSizeBytesAtMost,
  rowSize,
  TileTree,
  tileNumberPath,
  tilePath,
  tilesOf,
  tileWidth,
  widthOf,
} from './tiles.ts';
export { GrowingTree, type Hashing, hashSizeBytes, rootOfHashes, treeLeaf, treeNode } from './tree.ts';
export {
  formatWitnessRequest,
  parseWitnessRequest,
  type WitnessRequest,
  witnessPath,
  witnessRequestSizeBytesAtMost,
  witnessSizeType,
} from './witness-request.ts';
