export type { WebSerialPort } from './web-serial-port.ts';
export { openWebSerial } from './web-serial-stream.ts';
