export type { DebugProbe } from '@firmseal/programming';
export {
  type PersonalizedDevice,
  type PersonalizeOptions,
  type PersonalizeStep,
  personalizeChip,
} from './personalize.ts';
