export type { ChipIdentity, ChipProgrammer } from './chip-programmer.ts';
export type { DebugProbe } from './debug-probe.ts';
export { firstDifference, firstProgrammed } from './flash/compare.ts';
export type { FlashEvent, FlashStage, OnFlashEvent } from './flash/flash-event.ts';
export { type FlashPlan, type FlashRequest, planFlash, type UnitPlan } from './flash/plan.ts';
export { planTexts } from './flash/plan-text.ts';
export { type RunOptions, runPlan } from './flash/run-plan.ts';
export { isUnreadable } from './flash/unreadable.ts';
export { chipsWithDeviceId, explainSilence, productStateOf, requireOpenState } from './identity.ts';
export {
  type OptionChange,
  type OptionSetting,
  optionChanges,
  optionChangeText,
  optionTexts,
  readOptionSetting,
  withSettings,
} from './option-text.ts';
export {
  type PermanentConsent,
  type PermanentStep,
  permanentSteps,
  requireConsent,
} from './permanent-steps.ts';
export { openProbeProgrammer } from './ways/debug-probe-programmer.ts';
export { type DfuseProgrammerOptions, openDfuseProgrammer } from './ways/dfuse-programmer.ts';
export { openOpenocdProgrammer } from './ways/openocd-programmer.ts';
export { openUartProgrammer, type UartProgrammerOptions } from './ways/uart-programmer.ts';
