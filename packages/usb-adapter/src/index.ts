export { findUsb, type ListedUsbDevice, listUsb, type UsbAdapterOptions } from './find-usb.ts';
export type { LoadUsbLibrary } from './usb-library.ts';
