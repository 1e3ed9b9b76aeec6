export {
  type ConfigurationDescriptor,
  configurationLengthBytes,
  type EndpointDescriptor,
  type InterfaceDescriptor,
  readConfigurationDescriptor,
} from './configuration-descriptor.ts';
export type {
  UsbAlternateInterface,
  UsbConfiguration,
  UsbControlTransferParameters,
  UsbDevice,
  UsbDirection,
  UsbEndpoint,
  UsbInTransferResult,
  UsbInterface,
  UsbOutTransferResult,
  UsbTransferStatus,
} from './usb-device.ts';
