export {
  AuthorityClient,
  type AuthorityClientOptions,
  type ChallengePurpose,
  type IssuedLicense,
  type LicenseRequest,
  type ReceiptSubmission,
} from './authority-client.ts';
export type { CallClock } from './json-call.ts';
