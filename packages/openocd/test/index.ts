export { type OpenocdOnChip, openocdOnChip, openocdTargets } from './openocd-on-chip.ts';
