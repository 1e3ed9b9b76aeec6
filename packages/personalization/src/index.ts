export { adoptionImage } from './adoption/adoption-image.ts';
export { type AdoptionPlan, imageAlignmentBytes, planAdoption } from './adoption/plan.ts';
export type { Obstacle, SoldBoard } from './adoption/sold-board.ts';
export type { AdoptionStep } from './adoption/steps.ts';
export { type AgentWriter, agentWriter } from './agent-writer.ts';
export { awaitAgent, type OpenAgent, type OpenedAgent } from './await-agent.ts';
export type { RemoteDeviceCa } from './device-ca.ts';
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
