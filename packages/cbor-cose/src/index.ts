export { type CborInput, type CborMap, type CborValue, cborDepthAtMost } from './cbor-value.ts';
export {
  type CoseSigner,
  coseSizeBytesAtMost,
  type OpenedCose,
  objectDigest,
  openCose,
  signatureInput,
  signCose,
  signCoseWith,
  verifyCose,
} from './cose-sign1.ts';
export { decodeCbor } from './decode-cbor.ts';
export { encodeCbor } from './encode-cbor.ts';
export {
  arrayOf,
  boolean,
  byteString,
  type Field,
  field,
  integer,
  mapOf,
  nullable,
  oneOf,
  optionalField,
  readMap,
  type Schema,
  type Shape,
  type ShapeValue,
  textString,
  tuple,
} from './schema.ts';
export { shortText } from './short-text.ts';
