export { type ListedSerialPort, type ListSerialOptions, listSerial } from './list-serial.ts';
export { type OpenSerialOptions, openSerial } from './open-serial.ts';
export type { ListedPort, LoadLibrary, SerialLibrary } from './serial-library.ts';
