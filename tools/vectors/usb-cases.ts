// Control requests to the agent's USB device: spec/link.md section 5, with DFU 1.1 section 6 and appendix A.
// Each case is what a host sends after a configuration was set, one request after the other, and what comes
// back: a STALL, or the bytes of the data stage.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { faultRow } from '@firmseal/fault';

/** One control request. `answer`: the data stage of an IN request; `stall`: refused. */
interface Step {
  /** The eight bytes of the setup stage. */
  readonly setup: Bytes;
  /** Data stage of an OUT request. */
  readonly data?: Bytes;
  readonly answer?: Bytes;
  readonly stall?: true;
}

interface UsbCase {
  readonly name: string;
  readonly steps: readonly Step[];
}

const setup = (type: number, request: number, value: number, index: number, length: number): Bytes =>
  Uint8Array.of(
    ...[type, request, value & 0xff, value >> 8, index & 0xff, index >> 8, length & 0xff, length >> 8],
  );

const toInterface = { classOut: 0x21, classIn: 0xa1, standardOut: 0x01, standardIn: 0x81, vendorIn: 0xc1 };
const none = new Uint8Array(0);
const block = (length: number, value = 0x5a): Bytes => new Uint8Array(length).fill(value);

const out = (request: number, data: Bytes = none, value = 0): Step => ({
  setup: setup(toInterface.classOut, request, value, 0, data.length),
  ...(data.length > 0 ? { data } : {}),
});
const into = (request: number, length: number, answer: Bytes): Step => ({
  setup: setup(toInterface.classIn, request, 0, 0, length),
  answer,
});
const stalled = ({ answer: _, ...step }: Step): Step => ({ ...step, stall: true });

const state = {
  idle: 2,
  downloadSync: 3,
  downloadBusy: 4,
  downloadIdle: 5,
  manifestSync: 6,
  error: 10,
} as const;
const download = (data: Bytes) => out(1, data);
const upload = (length: number, answer: Bytes) => into(2, length, answer);
const status = (bStatus: number, bState: number) => into(3, 6, Uint8Array.of(bStatus, 0, 0, 0, bState, 0));
const clear = out(4);
const getState = (bState: number) => into(5, 1, Uint8Array.of(bState));
const abort = out(6);
const alternate = (setting: number): Step => ({ setup: setup(toInterface.standardOut, 11, setting, 0, 0) });
const errFile = 0x02;
const errNotDone = 0x09;
const errStalled = 0x0f;
/** Numbers of faults in spec/errors. */
const packageMagicWrong = faultRow('package-magic-wrong').number;
const packageTruncated = faultRow('package-truncated').number;
/** How a .seal file begins: spec/package.md section 1. */
const magic = Uint8Array.of(0x46, 0x53, 0x45, 0x41, 0x4c, 0x01, 0x0d, 0x0a);
/** STALL, then dfuERROR with errSTALLEDPKT until it is cleared. */
const refused = (step: Step): readonly Step[] => [
  stalled(step),
  status(errStalled, state.error),
  clear,
  status(0, state.idle),
];
const functional = (attributes: number): Bytes => Uint8Array.of(9, 0x21, attributes, 0xff, 0, 0, 4, 0x10, 1);
const faultOf = (...answer: readonly Bytes[]): Step => ({
  setup: setup(toInterface.vendorIn, 3, 0, 0, 8),
  answer: concatBytes(...answer),
});

/** Bytes that are no frame, so that the agent answers nothing; and no package. */
const noise = block(10);
/** DNLOAD, the announcement of the one step of its work, and how that ended. */
const taken = (data: Bytes, end: 'downloadIdle' | 'error' = 'downloadIdle'): readonly Step[] => [
  download(data),
  getState(state.downloadSync),
  status(0, state.downloadBusy),
  status(end === 'error' ? errFile : 0, state[end]),
];

/** In the order of the file. */
export function usbCases(): UsbCase[] {
  const frames = (name: string, ...steps: readonly Step[]): UsbCase => ({
    name: `setting 1: ${name}`,
    steps: [alternate(1), ...steps],
  });
  const both = (name: string, ...steps: readonly Step[]): UsbCase[] => [
    { name: `setting 0: ${name}`, steps: [alternate(0), ...steps] },
    frames(name, ...steps),
  ];
  return [
    ...both('idle after SET_INTERFACE', getState(state.idle), status(0, state.idle)),
    { name: 'DFU_DETACH, which only a run-time interface has', steps: refused(out(0)) },
    { name: 'a class request of number 7', steps: refused(out(7)) },
    { name: 'GETSTATUS sent as OUT', steps: [stalled(out(3)), getState(state.idle)] },
    {
      name: 'GETSTATE of interface 1',
      steps: [{ setup: setup(toInterface.classIn, 5, 0, 1, 1), stall: true }, getState(state.idle)],
    },
    ...both('CLRSTATUS without an error', ...refused(clear)),
    ...both('DNLOAD without data when idle', ...refused(out(1))),
    ...both('ABORT when idle', abort, getState(state.idle)),
    ...both(
      'a second DNLOAD before GETSTATUS',
      download(noise),
      ...refused(download(noise)),
      getState(state.idle),
    ),
    ...both('ABORT before GETSTATUS', download(noise), ...refused(abort)),
    ...both(
      'a request out of place in dfuERROR leaves the error',
      stalled(clear),
      stalled(download(noise)),
      stalled(abort),
      status(errStalled, state.error),
      clear,
      getState(state.idle),
    ),
    ...both('SET_INTERFACE ends a download', download(noise), alternate(1), getState(state.idle)),
    ...both('SET_INTERFACE clears an error', stalled(out(1)), alternate(1), status(0, state.idle)),
    ...both('alternate setting 2', { ...alternate(2), stall: true }, getState(state.idle)),
    { name: 'setting 0: UPLOAD', steps: refused(stalled(upload(64, none))) },
    {
      name: 'setting 0: a file that is not a package',
      steps: [
        ...taken(block(64), 'error'),
        faultOf(u32le(packageMagicWrong), u32le(0)),
        clear,
        status(0, state.idle),
        // It stays until the next download begins.
        faultOf(u32le(packageMagicWrong), u32le(0)),
        download(block(1)),
        faultOf(block(8, 0)),
      ],
    },
    {
      name: 'setting 0: a file that ends in its first bytes',
      steps: [
        ...taken(block(8)),
        stalled(out(1)),
        status(errNotDone, state.error),
        faultOf(u32le(packageTruncated), u32le(0)),
      ],
    },
    {
      name: 'setting 0: a file in single bytes',
      steps: [...taken(magic.slice(0, 1)), ...taken(magic.slice(1, 2))],
    },
    frames('bytes that are no frame', ...taken(noise)),
    frames('a download of many blocks', ...taken(noise), ...taken(block(1024)), ...taken(block(1))),
    frames(
      'the end of a download leads to dfuIDLE',
      ...taken(noise),
      out(1),
      getState(state.manifestSync),
      status(0, state.idle),
    ),
    frames('ABORT after a download', ...taken(noise), abort, getState(state.idle)),
    frames('UPLOAD when idle, nothing waits', upload(64, none), getState(state.idle)),
    frames('UPLOAD in an open download', ...taken(noise), ...refused(upload(64, none))),
    frames('UPLOAD of more than wTransferSize', ...refused(upload(1025, none))),
    frames(
      'block numbers are not looked at',
      out(1, noise, 7),
      status(0, state.downloadBusy),
      status(0, state.downloadIdle),
    ),
    frames('the fault of no download', faultOf(block(8, 0))),
    {
      name: 'setting 0: functional descriptor',
      steps: [{ setup: setup(toInterface.standardIn, 6, 0x2100, 0, 9), answer: functional(0x01) }],
    },
    frames('functional descriptor', {
      setup: setup(toInterface.standardIn, 6, 0x2100, 0, 9),
      answer: functional(0x07),
    }),
    {
      name: 'GET_INTERFACE',
      steps: [
        { setup: setup(toInterface.standardIn, 10, 0, 0, 1), answer: Uint8Array.of(0) },
        alternate(1),
        { setup: setup(toInterface.standardIn, 10, 0, 0, 1), answer: Uint8Array.of(1) },
      ],
    },
    {
      name: 'GET_CONFIGURATION',
      steps: [{ setup: setup(0x80, 8, 0, 0, 1), answer: Uint8Array.of(1) }],
    },
  ];
}
