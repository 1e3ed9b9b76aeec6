export { detectFormat } from './detect.ts';
export { type DfuFile, type DfuTarget, readDfuFile } from './dfu.ts';
export { elfSection } from './elf.ts';
export { type FirmwareImage, type ImageFormat, imageFormats } from './firmware-image.ts';
export { nameContent } from './foreign-kind.ts';
export { type ReadImageOptions, readImage } from './read-image.ts';
export { fileSizeMaxBytes, imageSizeMaxBytes, type Segment, segmentCountMax } from './segment.ts';
export { intelHexLines } from './write-intel-hex.ts';
