// What each fuzz target starts from, made of the vectors. Half of the seeds are the vectors as they are,
// signed with keys that the target's stand-in cryptography does not take; the other half are the same objects
// with its signatures, tags and hashes.

import { type Bytes, concatBytes, fromHex, u32le } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { encodeFrame } from '@firmseal/link';
import { encodeFileStart } from '@firmseal/seal';
import {
  authorityCase,
  cborCase,
  framesCase,
  headerCase,
  headerWith,
  licenseCase,
  licensedHeader,
  soundBundle,
  soundHeaders,
} from './differential-cases.ts';
import { product, root, vectorsOf } from './fuzz-device.ts';
import { FuzzRandom, mutated } from './mutate.ts';
import { manifestIn, type RecordedPackage, recordedPackage, recordsCase } from './record-cases.ts';
import { standInKeyPair } from './stand-in-crypto.ts';

const none = new Uint8Array(0);
const u16 = (value: number): Bytes => Uint8Array.of(value & 0xff, value >> 8);

/** Every string of eight bytes or more in a file of vectors. */
const bytesIn = (path: string): Bytes[] =>
  (JSON.stringify(vectorsOf(path)).match(/"(?:[0-9a-f]{2}){8,}"/g) ?? []).map((text) =>
    fromHex(text.slice(1, -1)),
  );

const isPackage = (bytes: Uint8Array): boolean =>
  bytes.length > 16 && Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'FSEAL';
const headerOf = (file: Bytes): Bytes =>
  file.slice(12, 12 + new DataView(file.buffer, file.byteOffset).getUint32(8, true));

const vectorHeaders = (): Bytes[] => bytesIn('package/open.json').filter(isPackage).map(headerOf);
const vectorBundles = (): Bytes[] => bytesIn('license/open.json').filter(({ length }) => length > 200);
const vectorDelegations = (): Bytes[] =>
  bytesIn('delegation/verify.json').filter(({ length }) => length > 100);

const made = (count: number, make: (random: FuzzRandom) => Bytes): Bytes[] =>
  Array.from({ length: count }, (_, i) => make(new FuzzRandom(i + 1)));
const behindZero = (bytes: Bytes): Bytes => concatBytes(Uint8Array.of(0), bytes);
const withStatement = (delegation: Bytes, statement: Bytes | undefined): Bytes =>
  concatBytes(u16(statement?.length ?? 0xffff), statement ?? none, delegation);

const recorded = recordedPackage();
const license = (mode: 'session' | 'standing') => soundBundle(recorded.manifest, recorded.contentKey, mode);
/** The header that plain download tools send: with a license. */
const licensedFile = concatBytes(
  encodeFileStart(headerWith(recorded.payload, license('standing'))),
  ...recorded.records,
);

/**
 * Two that ask for another readout level: the chip applies option bytes first. Policy erase, and no resume.
 */
const stronger = recordedPackage(
  new Map<number, number | number[][]>([
    [9, [[0, 0xff00, 0xcc00]]],
    [10, 0],
    [11, 1],
  ]),
);

const strongerFile = concatBytes(
  encodeFileStart(
    headerWith(stronger.payload, soundBundle(stronger.manifest, recorded.contentKey, 'standing')),
  ),
  ...stronger.records,
);

/** Objects that the C targets start from, by the name of their array. */
export const startObjects = {
  licensed_header: licensedHeader(),
  recorded_header: recorded.header,
  recorded_license: license('session'),
};

function recordSeeds(): Bytes[] {
  const sequence = (flags: number) => (random: FuzzRandom) =>
    concatBytes(
      Uint8Array.of(0),
      ...recordsCase(random, recorded).records.map((record) =>
        concatBytes(Uint8Array.of(flags), u16(record.length), record),
      ),
    );
  return [...made(30, sequence(2)), ...made(30, sequence(3))];
}

const message = (type: number, body: Uint8Array): Bytes =>
  concatBytes(Uint8Array.of(type), u16(body.length), body);

/** Bytes as the chip of the targets draws them: they count. */
const drawn = (first: number): Bytes => Uint8Array.from({ length: 32 }, (_, i) => first + i);

const personalizeBegin = encodeCbor(
  new Map<number, Uint8Array | string | number>([
    [0, root.publicKey],
    [1, product],
    [2, 1],
    [3, drawn(0)],
    [5, 1],
  ]),
);
const certificate = concatBytes(
  Uint8Array.of(0x30, 0x82),
  standInKeyPair(drawn(1)).publicKey,
  standInKeyPair(drawn(33)).publicKey,
);
const withSeed = encodeCbor(
  new Map<number, Uint8Array | string | number>([
    [0, root.publicKey],
    [1, product],
    [2, 1],
    [3, none],
    [4, drawn(7)],
    [5, 6],
  ]),
);
const finals = [[], [[0, 0xff00, 0xcc00]], [[1, 0xfff0000, 0xfff0000]], [[7, 1, 1]], [[0, 0xffffffff, 0]]];

function personalizeSeeds(): Bytes[] {
  const sound = [personalizeBegin, withSeed].flatMap((begin) =>
    finals.flatMap((final) => [
      [begin, encodeCbor([certificate, final])] as const,
      [begin, encodeCbor([new Uint8Array(1100), final])] as const,
    ]),
  );
  const changed = Array.from({ length: 40 }, (_, i) => {
    const random = new FuzzRandom(i + 1);
    const [begin, finish] = sound[i % sound.length]!;
    return i % 2 === 0
      ? ([mutated(begin, random), finish] as const)
      : ([begin, mutated(finish, random)] as const);
  });
  return [...sound, ...changed].map(([begin, finish]) =>
    concatBytes(Uint8Array.of(0), u16(begin.length), begin, finish),
  );
}

const personalization = concatBytes(
  message(0x01, none),
  message(0x10, personalizeBegin),
  message(0x11, encodeCbor([certificate, [[0, 0xff00, 0xcc00]]])),
);
const begin = ({ header, manifest }: RecordedPackage): Bytes =>
  concatBytes(
    message(0x02, new Uint8Array(32)),
    message(0x20, header),
    message(0x21, soundBundle(manifest, recorded.contentKey, 'session')),
  );
const recordMessages = ({ records }: RecordedPackage): Bytes[] =>
  records.map((record, i) => message(0x22, concatBytes(u32le(i), record)));
const receipt = concatBytes(message(0x24, new Uint8Array(32)), message(0x25, none));
const install = concatBytes(begin(recorded), ...recordMessages(recorded), receipt);
const power = message(0xfe, none);
/** Half of an install, power off, and all of it again: what is complete is compared. */
const resumed = concatBytes(begin(recorded), ...recordMessages(recorded).slice(0, 3), power, install);
/** The same with other records of the same length: what was written differs, and the install starts over. */
const differing = concatBytes(
  ...[begin(recorded), ...recordMessages(recorded).slice(0, 3), power, begin(recorded)],
  ...recordsCase(new FuzzRandom(3), recorded).records.map((record, i) =>
    message(0x22, concatBytes(u32le(i), record)),
  ),
);
const again = (times: number): Bytes =>
  concatBytes(message(0x02, none), ...Array.from({ length: times }, () => begin(recorded)));
const others = concatBytes(
  ...[0x01, 0x03, 0x25, 0x26].map((type) => message(type, none)),
  message(0x02, none),
  message(0x24, new Uint8Array(40)),
);

function lineSeeds(): Bytes[] {
  const bodies: [number, Bytes][] = [
    [1, install],
    [1, concatBytes(install, others)],
    [1, others],
    [1, resumed],
    [5, differing],
    [1, again(2)],
    [1, again(18)],
    [9, concatBytes(begin(stronger), power, begin(stronger), ...recordMessages(stronger), receipt)],
    [1, concatBytes(install, message(0x26, none), install)],
    [1, concatBytes(begin(recorded), message(0x01, none), power, begin(stronger))],
    [3, personalization],
    [3, concatBytes(personalization, personalization, install)],
    ...vectorBundles().map((bundle): [number, Bytes] => [
      1,
      concatBytes(message(0x20, licensedHeader()), message(0x21, bundle)),
    ]),
    ...made(40, (random) => message(0x20, headerCase(random))).map((body): [number, Bytes] => [1, body]),
    ...made(10, framesCase).map((body): [number, Bytes] => [0, body]),
  ];
  return bodies.map(([flags, body]) => concatBytes(Uint8Array.of(flags, 0), body));
}

const setup = (type: number, request: number, value: number, length: number): Bytes =>
  concatBytes(Uint8Array.of(type, request), u16(value), u16(0), u16(length));
const download = (data: Uint8Array): Bytes => concatBytes(setup(0x21, 1, 0, data.length), data);
const getStatus = setup(0xa1, 3, 0, 6);
const [clearStatus, abort, getState] = [setup(0x21, 4, 0, 0), setup(0x21, 6, 0, 0), setup(0xa1, 5, 0, 1)];
const select = (alternate: number): Bytes => setup(0x01, 11, alternate, 0);

function blocks(bytes: Bytes): Bytes {
  const parts: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += 1024)
    parts.push(download(bytes.slice(at, at + 1024)), ...Array.from({ length: 5 }, () => getStatus));
  return concatBytes(...parts);
}

function usbSeeds(): Bytes[] {
  const start = concatBytes(setup(0x00, 9, 1, 0), select(0));
  const end = concatBytes(download(none), getStatus, getStatus, getStatus, getState);
  const frame = (type: number, body: Uint8Array) => encodeFrame({ type, sequence: 1, body });
  const byFrames = (type: number, body: Uint8Array) =>
    concatBytes(select(1), blocks(frame(type, body)), setup(0xa1, 2, 0, 1024), setup(0xa1, 2, 0, 1024));
  const descriptors = [0x0100, 0x0200, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305, 0x0306, 0x0f00, 0x0600]
    .map((value) => setup(0x80, 6, value, 255))
    .concat([0x2100, 0x2200].map((value) => setup(0x81, 6, value, 9)));
  const vendor = [
    ...[1, 2, 3].map((request) => setup(0xc0, request, 1, 255)),
    concatBytes(Uint8Array.of(0xc0, 1, 0, 0, 7, 0, 255, 0)),
    concatBytes(Uint8Array.of(0xc0, 2, 1, 0, 2, 0, 255, 0)),
    setup(0x40, 1, 0, 0),
  ];
  const standard = [
    setup(0x80, 0, 0, 2),
    setup(0x81, 0, 0, 2),
    setup(0x02, 1, 0, 0),
    setup(0x80, 8, 0, 1),
  ].concat([setup(0x81, 10, 0, 1), setup(0x00, 9, 2, 0), select(2), setup(0x00, 3, 0, 0)]);
  const sequences: Bytes[] = [
    concatBytes(start, blocks(licensedFile), end),
    concatBytes(start, blocks(licensedFile.slice(0, -40)), end),
    concatBytes(start, blocks(strongerFile), end),
    concatBytes(start, blocks(concatBytes(licensedFile, Uint8Array.of(1))), end),
    concatBytes(start, download(licensedFile.slice(0, 500)), abort, clearStatus, abort, getState),
    concatBytes(...descriptors, ...vendor, ...standard),
    concatBytes(start, byFrames(0x01, none), byFrames(0x02, none), byFrames(0x20, recorded.header), abort),
    concatBytes(start, select(1), blocks(frame(0x26, none)), setup(0xa1, 2, 0, 64), setup(0xa1, 2, 0, 1024)),
    concatBytes(start, download(none), clearStatus, setup(0xa1, 2, 0, 64), clearStatus, setup(0x21, 9, 0, 0)),
    ...made(30, (random) => concatBytes(start, blocks(encodeFileStart(headerCase(random))), end)),
    ...vectorHeaders()
      .slice(0, 30)
      .map((header) => concatBytes(start, blocks(encodeFileStart(header)), end)),
  ];
  return sequences.flatMap((sequence) =>
    [0, 8].map((flags) => concatBytes(Uint8Array.of(flags, 0), sequence)),
  );
}

function frameSeeds(): Bytes[] {
  const contents = made(20, (random) => {
    const content = random.bytes(random.pick([0, 2, 6, 253, 254, 255, 300, 600]));
    return concatBytes(Uint8Array.of(1), u16(content.length), content);
  });
  return [...contents, ...made(20, framesCase).map(behindZero)];
}

const licensedManifest = manifestIn(licensedHeader());

const makers = {
  fuzz_cbor: () => [...bytesIn('cbor/decode.json'), ...vectorBundles(), ...made(100, cborCase)],
  fuzz_frame: frameSeeds,
  fuzz_authority: () => [
    ...vectorDelegations().map((one) => withStatement(one, undefined)),
    ...made(60, (random) => {
      const { delegation, statement, succession } = authorityCase(random);
      return withStatement(delegation, random.below(2) === 0 ? (succession ?? statement) : undefined);
    }),
  ],
  fuzz_package: () => [...vectorHeaders(), ...soundHeaders(), ...made(200, headerCase)].map(behindZero),
  fuzz_license: () => [
    ...vectorBundles().map(behindZero),
    ...made(80, (random) => licenseCase(random, licensedManifest)).map(behindZero),
  ],
  fuzz_record: recordSeeds,
  fuzz_personalize: personalizeSeeds,
  fuzz_line: lineSeeds,
  fuzz_usb: usbSeeds,
} as const;

export type FuzzTarget = keyof typeof makers;
export const fuzzTargets = Object.keys(makers) as FuzzTarget[];

export const seedsOf = (target: FuzzTarget): Bytes[] => makers[target]();
