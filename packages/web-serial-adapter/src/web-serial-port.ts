// The part of a browser's SerialPort (WICG, Web Serial API, section 4) that a byte stream needs. A test
// holds the browser's type to it.

export interface WebSerialPort {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: {
    baudRate: number;
    dataBits?: 8;
    stopBits?: 1;
    parity?: 'none' | 'even';
    bufferSize?: number;
  }): Promise<void>;
  close(): Promise<void>;
}
