export { type LineWatcher, openChipLink } from './chip-link.ts';
export { defaultConditions, type LineConditions } from './conditions.ts';
export { inProcessProbe } from './in-process-probe.ts';
export { installOnChips, type LineInputs, memoryJournal, socketOf } from './line.ts';
export {
  createOwner,
  type VirtualJob,
  type VirtualOwner,
  type VirtualPackage,
  type VirtualUpdate,
  virtualProduct,
} from './owner.ts';
export { createBlankChip, type LineChip, personalizeVirtualChip, type VirtualAgent } from './site.ts';
