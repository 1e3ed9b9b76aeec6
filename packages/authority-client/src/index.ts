export {
  AuthorityClient,
  type AuthorityClientOptions,
  type ChallengePurpose,
  type IssuedLicense,
  type LicenseRequest,
  type ReceiptSubmission,
} from './authority-client.ts';
export { fromBase64url, toBase64url } from './base64url.ts';
export type { CallClock } from './json-call.ts';
