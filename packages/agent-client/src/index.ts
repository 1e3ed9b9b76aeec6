export { AgentClient, type RecordSource } from './agent-client.ts';
export { type AgentInfo, type LifeCycle, lifeCycles, readAgentInfo } from './agent-info.ts';
export { type HelloAnswer, readHelloAnswer } from './hello-answer.ts';
export { LoaderClient, readLoaderInfo } from './loader-client.ts';
export {
  type EnrolmentProof,
  type PersonalizeBegin,
  type PersonalizeBegun,
  type PersonalizeFinish,
  personalizeBeginBody,
  personalizeFinishBody,
  readPersonalizeBegun,
} from './personalize.ts';
