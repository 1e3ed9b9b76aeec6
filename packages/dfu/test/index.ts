export { chipUsbPlace, type UsbPlace } from './chip-usb.ts';
