export {
  isProbe,
  type KnownUsb,
  knownUsb,
  knownUsbDevices,
  type UsbIds,
  type UsbKind,
  type UsbSource,
  usbIdText,
  usbSources,
} from './usb-ids.ts';
