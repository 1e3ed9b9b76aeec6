export {
  type Approval,
  type ApprovedThing,
  makeApproval,
  noJob,
  readApprovalUnverified,
  subjectDigest,
  type VerifiedApproval,
  verifyApproval,
} from './approval.ts';
export {
  type ApprovalPolicy,
  makeApprovalPolicy,
  readApprovalPolicyUnverified,
  verifyApprovalPolicy,
} from './approval-policy.ts';
export { type JobEnd, makeJobEnd, verifyJobEnd } from './job-end.ts';
export {
  countApprovers,
  coversOrder,
  coversPackage,
  coversThing,
  isReached,
  type Quorum,
  requireQuorum,
} from './quorum.ts';
export {
  makeRestoreStatement,
  type RestoreStatement,
  readRestoreUnverified,
  verifyRestore,
} from './restore-statement.ts';
export {
  type ApprovalKind,
  approvalKinds,
  mostOrderPackages,
  type OrderAccept,
  type OrderMode,
  type OrderSubject,
  orderAccepts,
  orderModes,
  type RecoverySubject,
  type SiteCapSubject,
  type Subject,
  siteName,
} from './subject.ts';
