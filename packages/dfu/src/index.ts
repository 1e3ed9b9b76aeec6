export { findDfuInterface } from './dfu-interface.ts';
export type { DfuState, DfuStatus, DfuStatusName } from './dfu-status.ts';
export { DfuseBootloader, type DfuseOptions } from './dfuse/dfuse-bootloader.ts';
export { type DownloadEnd, type DownloadOptions, downloadFile } from './download-file.ts';
export { type FrameStreamOptions, openFrameStream } from './frame-stream.ts';
export { type LayoutSectors, type MemoryLayout, readMemoryLayout } from './memory-layout.ts';
export { type DfuseQuirks, dfuseQuirks } from './quirks.ts';
export { askToDetach, findRunTimeInterface } from './run-time.ts';
