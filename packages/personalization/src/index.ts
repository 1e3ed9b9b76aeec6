export { awaitAgent, type OpenAgent, type OpenedAgent } from './await-agent.ts';
export {
  decodeEnrolment,
  type Enrolment,
  encodeEnrolment,
  newEnrolment,
} from './enrolment.ts';
export {
  type IdentityRecord,
  identityRecordKind,
  makeIdentityRecord,
  verifyIdentityRecord,
} from './identity-record.ts';
export {
  type PersonalizedDevice,
  type PersonalizeOptions,
  type PersonalizeStep,
  personalizeChip,
  startAgain,
} from './personalize.ts';
export type { ImagePart } from './write-agent.ts';
