export { type AnchorOwner, anchorPart } from './anchor-block.ts';
export {
  type AgentImage,
  agentCodeAlignmentBytes,
  agentHeadBytes,
  encodeAgentImage,
  readAgentImage,
} from './image.ts';
export { type SignedAgent, signAgentImage } from './sign.ts';
export { type AgentStatement, readAgentStatementUnverified } from './statement.ts';
export { type AgentTrust, type VerifiedAgent, verifyAgentImage } from './verify.ts';
