export { type Bench, type BenchChip, createBench, MemoryJournal } from './bench.ts';
export { ModelAuthority } from './model-authority.ts';
export { ModelChip, verifyModelCertificate } from './model-chip.ts';
export { deviceData, firmware, sealSmall } from './small-package.ts';
