// A command of the UART bootloader while its bytes come in, one at a time.

/** Each `yield` waits for one byte. */
export type Receiving<T> = Generator<undefined, T, number>;
