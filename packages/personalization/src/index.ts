export type { OpenAgent } from './await-agent.ts';
export {
  decodeEnrolment,
  type Enrolment,
  encodeEnrolment,
  newEnrolment,
} from './enrolment.ts';
export {
  type PersonalizedDevice,
  type PersonalizeOptions,
  type PersonalizeStep,
  personalizeChip,
} from './personalize.ts';
export type { ImagePart } from './write-agent.ts';
