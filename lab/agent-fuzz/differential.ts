// The differential fuzzer: the same bytes to the readers of packages/ and to the agent's parsers in C,
// which have to come to the same verdict, with the same fault. What the two cannot share is left out:
// faults of the C that only a link shows.

import { type Bytes, concatBytes, crc32, equalBytes, Secret, toHex, u32le } from '@firmseal/bytes';
import { decodeCbor, openCose } from '@firmseal/cbor-cose';
import { findChip } from '@firmseal/chips';
import { type GrownTrust, verifyAuthority } from '@firmseal/formats';
import { checkLicenseForChip, openLicense, verifyLicense } from '@firmseal/license';
import { FrameReader } from '@firmseal/link';
import {
  checkForChip,
  encodeFileStart,
  type Manifest,
  openRecords,
  splitPackage,
  type VerifiedHeader,
  verifyHeader,
} from '@firmseal/seal';
import { fsOk } from '@firmseal/virtual-stm32';
import faultCodeOfNumber from '../../device/agent/test/fault-numbers.ts';
import type { Weakening } from '../../device/agent/toolchain/defences.ts';
import {
  type AuthorityCase,
  authorityCase,
  cborCase,
  coseCase,
  framesCase,
  headerCase,
  licenseCase,
  licensedHeader,
  roleNumberOf,
  soundBundle,
} from './differential-cases.ts';
import { chipState, device, nonce, origin, product, root, thumbprint } from './fuzz-device.ts';
import { FuzzRandom } from './mutate.ts';
import { recordedPackage, recordsCase } from './record-cases.ts';
import { standInCrypto as crypto } from './stand-in-crypto.ts';
import { type Place, VerdictModule } from './verdict-module.ts';

const chip = findChip('stm32f427');
const trust = { rootPublicKey: root.publicKey, product, epoch: 1 };

/** In the order of the enum in core/fs_cbor.h, from 1. */
const cborFaults = [
  ...['cbor-truncated', 'cbor-type-refused', 'cbor-not-deterministic', 'cbor-duplicate-key'],
  ...['cbor-too-deep', 'cbor-text-invalid', 'cbor-trailing-bytes'],
];

/** `ok`, or the code of the fault; what is no fault is an error of the program and comes through. */
function verdictOf(read: () => unknown): string {
  try {
    read();
    return 'ok';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  }
}

const verdictOfNumber = (result: number): string =>
  result >>> 0 === fsOk ? 'ok' : faultCodeOfNumber(result >>> 0);

/** Read as the start of a file: on the link the agent does what a file's reader does before it decodes. */
const headerIn = (bytes: Bytes) => splitPackage(encodeFileStart(bytes)).header;

/** Both verdicts on one input, and the input for the report. */
export interface Comparison {
  readonly packages: string;
  readonly agent: string;
  readonly input: Bytes;
}

export const differentialKinds = [
  'cbor',
  'cose',
  'authority',
  'header',
  'license',
  'records',
  'frames',
] as const;
export type DifferentialKind = (typeof differentialKinds)[number];

export class Differential {
  readonly #agent: VerdictModule;
  /**
   * Freshly started; after the package that licenses are for; after a license for the package with records.
   */
  readonly #started: Place;
  readonly #packaged: Place;
  readonly #licensed: Place;
  readonly #packagedManifest: Manifest;
  /** As the header of that package left it. */
  readonly #packagedTrust: GrownTrust;
  readonly #recorded = recordedPackage();

  private constructor(agent: VerdictModule) {
    this.#agent = agent;
    this.#started = agent.place();
    const packaged = this.#accept(licensedHeader());
    this.#packagedManifest = packaged.manifest;
    this.#packagedTrust = packaged.trust;
    this.#packaged = agent.place();
    agent.restore(this.#started);
    this.#accept(this.#recorded.header);
    const license = soundBundle(this.#recorded.manifest, this.#recorded.contentKey, 'session');
    if (verdictOfNumber(agent.exports.verdict_license(agent.input(license))) !== 'ok')
      throw new Error('the agent refuses the license that the cases start from');
    this.#licensed = agent.place();
  }

  static async create(weakening?: Weakening): Promise<Differential> {
    return new Differential(await VerdictModule.create(crypto, weakening));
  }

  #accept(header: Bytes): VerifiedHeader {
    const verified = verifyHeader(crypto, headerIn(header), trust);
    const verdict = verdictOfNumber(this.#agent.exports.verdict_header(this.#agent.input(header)));
    if (verdict !== 'ok')
      throw new Error(`the agent refuses the package that the cases start from: ${verdict}`);
    return verified;
  }

  run(kind: DifferentialKind, seed: number): Comparison {
    const random = new FuzzRandom(seed);
    switch (kind) {
      case 'cbor':
        return this.#cbor(cborCase(random));
      case 'cose':
        return this.#cose(coseCase(random));
      case 'authority':
        return this.#authority(authorityCase(random));
      case 'header':
        return this.header(headerCase(random));
      case 'license':
        return this.#license(licenseCase(random, this.#packagedManifest));
      case 'records':
        return this.#records(random);
      case 'frames':
        return this.#frames(framesCase(random), random.pick([64, 300, 4200]));
    }
  }

  #cbor(input: Bytes): Comparison {
    const result = this.#agent.exports.verdict_cbor(this.#agent.input(input)) >>> 0;
    return {
      packages: verdictOf(() => decodeCbor(input, { maxBytes: 16_384 })),
      agent: result === fsOk ? 'ok' : (cborFaults[result - 1] ?? `number ${result}`),
      input,
    };
  }

  /** C gives the first fault of the CBOR or `shape`; its callers make one fault of all of them. */
  #cose({ bytes, typ, number }: { bytes: Bytes; typ: string; number: number }): Comparison {
    const result = this.#agent.exports.verdict_cose(number, this.#agent.input(bytes)) >>> 0;
    const verdict = verdictOf(() => openCose(bytes, typ));
    return {
      packages: verdict === 'ok' ? 'ok' : 'malformed',
      agent: result === fsOk ? 'ok' : 'malformed',
      input: bytes,
    };
  }

  #authority({ delegation, succession, statement, role, epoch }: AuthorityCase): Comparison {
    const objects = [delegation, ...(succession ? [succession] : []), ...(statement ? [statement] : [])];
    this.#agent.input(...objects);
    const lengthOf = (object: Bytes | undefined) => object?.length ?? 0xffff_ffff;
    const result = this.#agent.exports.verdict_authority(
      ...([roleNumberOf(role), epoch, delegation.length] as const),
      ...([lengthOf(succession), lengthOf(statement)] as const),
    );
    const successions = succession ? [succession] : [];
    return {
      packages: verdictOf(() =>
        verifyAuthority(
          crypto,
          { delegation, successions, epochStatement: statement },
          { ...trust, role, epoch },
        ),
      ),
      agent: verdictOfNumber(result),
      input: concatBytes(...objects.flatMap((object) => [u32le(object.length), object])),
    };
  }

  header(input: Bytes): Comparison {
    this.#agent.restore(this.#started);
    const result = this.#agent.exports.verdict_header(this.#agent.input(input));
    return {
      packages: verdictOf(() =>
        checkForChip(verifyHeader(crypto, headerIn(input), trust).manifest, chip, chipState),
      ),
      agent: verdictOfNumber(result),
      input,
    };
  }

  #license(input: Bytes): Comparison {
    this.#agent.restore(this.#packaged);
    const result = this.#agent.exports.verdict_license(this.#agent.input(input));
    const manifest = this.#packagedManifest;
    return {
      packages: verdictOf(() => {
        const license = verifyLicense(crypto, { bundle: input, ...this.#packagedTrust });
        checkLicenseForChip(license, { manifest, thumbprint, origin, nonce, unwraps: 0 });
        openLicense(crypto, { license, manifest, recipient: device.kem });
      }),
      agent: verdictOfNumber(result),
      input,
    };
  }

  #records(random: FuzzRandom): Comparison {
    const { manifest } = this.#recorded;
    const { records, firstRecordHash } = recordsCase(random, this.#recorded);
    const file = concatBytes(...records);
    const contentKey = new Secret(this.#recorded.contentKey.slice());
    return {
      packages: verdictOf(() =>
        openRecords(
          crypto,
          { file, recordsOffset: 0, manifest: { ...manifest, firstRecordHash }, contentKey },
          () => {},
        ),
      ),
      agent: this.#recordsByAgent(records, firstRecordHash),
      input: file,
    };
  }

  #recordsByAgent(records: readonly Bytes[], firstRecordHash: Bytes): string {
    const { exports } = this.#agent;
    this.#agent.restore(this.#licensed);
    this.#agent.input(firstRecordHash);
    exports.verdict_records_begin();
    for (const record of records) {
      const verdict = verdictOfNumber(exports.verdict_record(this.#agent.input(record)));
      if (verdict !== 'ok') return verdict;
    }
    return 'ok';
  }

  /** The verdict here is what was taken: number of frames and CRC of all of their contents. */
  #frames(input: Bytes, most: number): Comparison {
    const taken: Bytes[] = [];
    new FrameReader(most).push(input, ({ type, sequence, body }) => {
      const content = concatBytes(Uint8Array.of(type, sequence), body);
      taken.push(concatBytes(u32le(content.length + 4), content, u32le(crc32(content))));
    });
    const length = this.#agent.exports.verdict_frames(this.#agent.input(input), most) >>> 0;
    const byAgent = this.#agent.output(length);
    const byPackages = concatBytes(...taken);
    const same = equalBytes(byAgent, byPackages);
    return {
      packages: taken.length === 0 ? 'none taken' : 'some taken',
      agent: same
        ? length === 0
          ? 'none taken'
          : 'some taken'
        : `another content: ${toHex(byAgent).slice(0, 80)}`,
      input,
    };
  }
}
