export { type DeviceAnswers, enumerate, type Setup, UsbStandIn } from './usb-stand-in.ts';
