export { type FlashBankOfOpenocd, Openocd, type OpenocdOptions } from './openocd.ts';
export { openocdFault } from './openocd-fault.ts';
