export { createSuiteDevice, type SuiteDevice } from './suite-device.ts';
export { type UsbSuiteBench, type UsbSuiteCase, usbDeviceCases } from './usb-device-suite.ts';
export { type DeviceAnswers, enumerate, type Setup, UsbStandIn } from './usb-stand-in.ts';
