export type { DebugProbe } from './debug-probe.ts';
export {
  type PersonalizedDevice,
  type PersonalizeOptions,
  type PersonalizeStep,
  personalizeChip,
} from './personalize.ts';
