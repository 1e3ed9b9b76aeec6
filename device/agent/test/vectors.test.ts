// The vectors for packages and licenses, sent to the agent over its link: each case must end in exactly the fault that it
// names. The chip is put into the state of the case by writing its identity and journal over the debug port.

import { readFileSync } from 'node:fs';
import { type Bytes, fromHex } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import type { Chip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { recordLengths, splitPackage, verifyHeader } from '@firmseal/seal';
import {
  agentImage,
  createVirtualChip,
  type ExecutorFactory,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, it } from 'vitest';
import { agentChipIds, buildAgent } from '../build.ts';
import { identityImage, journalImage, type StateContent } from './flash-images.ts';
import { Line } from './line.ts';
import { certify, keyPair } from './trusted-site.ts';

interface ChipState {
  readonly securityCounter: number;
  readonly installCount: number;
  readonly agentVersion: number;
  readonly optionBytes: readonly { readonly register: number; readonly value: number }[];
}
interface Case {
  readonly name: string;
  readonly fault?: string;
  readonly onLink?: string;
  readonly file?: string;
  readonly license?: string;
  readonly chip?: string;
  readonly product?: string;
  readonly epoch?: number;
  readonly state?: ChipState;
  readonly bundle?: string;
  readonly nonce?: string | null;
  readonly thumbprint?: string;
  readonly journaled?: { readonly digest: string; readonly unwraps: number };
}
interface Vectors {
  readonly rootPublicKey: string;
  readonly product: string;
  readonly epoch: number;
  readonly chip: string;
  readonly states: Readonly<Record<string, ChipState>>;
  readonly package: string;
  readonly nonce: string;
  readonly cases: readonly Case[];
}
const load = (path: string): Vectors =>
  JSON.parse(readFileSync(new URL(`../../../vectors/${path}`, import.meta.url), 'utf8'));

const modules = new Map<string, Bytes>();
beforeAll(async () => {
  for (const id of agentChipIds) modules.set(id, await buildAgent(id));
});

/** The agent with the nonce of the vectors instead of a drawn one. */
function agentWithNonce(nonce: Bytes): ExecutorFactory {
  const agent = wasmAgent(crypto);
  return {
    recognizes: (cpu) => agent.recognizes(cpu),
    create() {
      const firmware = agent.create();
      return {
        start: (cpu) =>
          firmware.start(
            new Proxy(cpu, {
              get: (port, name) =>
                name === 'random'
                  ? (length: number) => (length === 16 ? nonce.slice() : port.random(length))
                  : Reflect.get(port, name),
            }),
          ),
        receive: (bytes) => firmware.receive(bytes),
      };
    },
  };
}

/** Programs over the debug port; granules that stay erased are left out, since H743 words are written once. */
function program(chip: VirtualChip, address: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 32) {
    const granule = bytes.subarray(at, at + 32);
    if (granule.some((byte) => byte !== 0xff))
      expect(chip.debug.programFlash(address + at, granule)).toBe('ok');
  }
}

/** Boot address of the agent for chips that have one; all else as the case says. */
function optionsOf(chip: Chip, state: ChipState): Map<number, number> {
  const options = new Map(state.optionBytes.map(({ register, value }) => [register, value]));
  const fields = chip.options.registers.flatMap((register) => register.fields);
  const boot = fields.find(({ name }) => name === chip.boot.addressFields?.pinLow);
  if (boot)
    options.set(
      boot.register,
      ((options.get(boot.register)! & ~0xffff) | chip.boot.addressFields!.agentValue) >>> 0,
    );
  return options;
}

const certificates = new Map<string, Bytes>();

async function chipIn(
  chipId: string,
  trust: { root: Bytes; product: string; epoch: number },
  state: ChipState,
  extra: { nonce?: Bytes; journaled?: Case['journaled'] },
): Promise<Line> {
  const [signing, kem] = [keyPair('device'), keyPair('device KEM')];
  if (!certificates.has(chipId))
    certificates.set(chipId, await certify({ signingKey: signing.publicKey, kemKey: kem.publicKey, chipId }));
  const deviceKey = crypto.sha256(fromHex('77'));
  const executors = [agentWithNonce(extra.nonce ?? crypto.randomBytes(16))];
  const chip = createVirtualChip({ chip: chipId, seed: 'vectors', executors });
  chip.powerOn();
  chip.debug.connect();
  for (const { address, bytes } of agentImage(modules.get(chipId)!, chip.chip)) program(chip, address, bytes);
  const identity = identityImage({
    ...{ signing, kem, rootPublicKey: trust.root, product: trust.product, epoch: trust.epoch, deviceKey },
    certificate: certificates.get(chipId)!,
  });
  program(chip, chip.chip.layout.identity.addressStart, identity);
  const journal: StateContent = {
    ...{ lifeCycle: 'erased', securityCounter: state.securityCounter, epoch: trust.epoch },
    installCount: state.installCount,
    ...(extra.journaled
      ? { unwraps: extra.journaled.unwraps, licenseDigest: fromHex(extra.journaled.digest) }
      : {}),
  };
  program(chip, chip.chip.layout.journal[0].addressStart, journalImage(deviceKey, journal));
  expect(chip.debug.writeOptionBytes(optionsOf(chip.chip, state))).toBe('ok');
  chip.powerOff();
  chip.powerOn();
  expect(chip.running).toBe(true);
  return new Line(chip);
}

/** Records of a file whose header was accepted, whole or cut, as a host would send them. */
function* recordsOf(file: Bytes, trust: { rootPublicKey: Bytes }): Generator<Bytes> {
  const { header, recordsOffset } = splitPackage(file);
  const { manifest } = verifyHeader(crypto, header, trust);
  let offset = recordsOffset;
  for (const length of recordLengths(manifest.core)) {
    if (offset >= file.length) return;
    yield file.slice(offset, Math.min(offset + length, file.length));
    offset += length;
  }
}

/** The header bytes of a file, as far as a host gets that far: undefined when the fault is the file's. */
function headerOf(file: Bytes): Bytes | undefined {
  if (file.length < 12 || !crypto.sha256(file.slice(0, 8)).every((b, i) => b === magicHash[i]))
    return undefined;
  const length = new DataView(file.buffer).getUint32(8, true);
  return length > 4096 || 12 + length > file.length ? undefined : file.slice(12, 12 + length);
}
const magicHash = crypto.sha256(fromHex('465345414c010d0a'));

describe('packages', () => {
  const vectors = load('package/open.json');
  const root = fromHex(vectors.rootPublicKey);

  async function outcome(one: Case): Promise<string> {
    const file = fromHex(one.file!);
    const header = headerOf(file);
    if (header === undefined) return 'not sent';
    const chipId = one.chip ?? vectors.chip;
    const trust = { root, product: one.product ?? vectors.product, epoch: one.epoch ?? vectors.epoch };
    const line = await chipIn(chipId, trust, one.state ?? vectors.states[chipId]!, {});
    const reply = line.try(0x20, header);
    if (reply.status !== 0) return reply.status;
    if (one.license === undefined) return 'accepted';
    const licensed = line.try(0x21, fromHex(one.license));
    if (licensed.status !== 0) return licensed.status;
    let index = 0;
    for (const record of recordsOf(file, { rootPublicKey: root })) {
      const answer = line.tryRecord(index++, record);
      if (answer.status !== 0) return answer.status;
    }
    return 'none';
  }

  const hostFaults = ['package-magic-wrong', 'package-truncated', 'package-header-too-large'];

  it('end in the fault of their case', async () => {
    const outcomes = new Map<string, number>();
    for (const one of vectors.cases) {
      const found = await outcome(one);
      outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
      const expected = one.onLink ?? one.fault ?? 'none';
      if (found === 'not sent') expect([one.name, hostFaults.includes(one.fault!)]).toEqual([one.name, true]);
      else expect([one.name, found]).toEqual([one.name, expected]);
    }
    expect(vectors.cases.length).toBeGreaterThan(200);
    expect(outcomes.get('none')).toBeGreaterThan(8);
    expect(outcomes.get('not sent') ?? 0).toBeLessThan(20);
    expect(outcomes.size).toBeGreaterThan(30);
  });
});

describe('licenses', () => {
  const vectors = load('license/open.json');
  const chipId = 'stm32f427';
  const state = { ...load('package/open.json').states[chipId]!, securityCounter: 0, installCount: 0 };

  it('end in the fault of their case', async () => {
    const header = headerOf(fromHex(vectors.package))!;
    let skipped = 0;
    for (const one of vectors.cases) {
      const trust = {
        root: fromHex(vectors.rootPublicKey),
        product: one.product ?? vectors.product,
        epoch: one.epoch ?? vectors.epoch,
      };
      const nonce = one.nonce === undefined ? vectors.nonce : one.nonce;
      const line = await chipIn(chipId, { ...trust, epoch: 1 }, state, {
        ...(nonce === null ? {} : { nonce: fromHex(nonce) }),
        ...(one.journaled ? { journaled: one.journaled } : {}),
      });
      // Without a hello the chip has no nonce that could be answered.
      if (nonce !== null) line.request(0x02, new Uint8Array(0));
      expect([one.name, line.try(0x20, header).status]).toEqual([one.name, 0]);
      if (trust.epoch > 1) {
        skipped++; // the chip would refuse the package of the ended epoch first
        continue;
      }
      expect([one.name, line.try(0x21, fromHex(one.bundle!)).status]).toEqual([one.name, one.fault ?? 0]);
    }
    expect(skipped).toBe(1);
    expect(vectors.cases.length).toBeGreaterThan(60);
  });
});

describe('delegations', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../../vectors/delegation/verify.json', import.meta.url), 'utf8'),
  ) as {
    rootPublicKey: string;
    product: string;
    cases: { name: string; delegation: string; epochStatement?: string; epoch: number; fault?: string }[];
  };
  const packages = load('package/open.json');

  /** All are of device CAs: where a package signer's is due, that is met before product, epoch and cap. */
  const afterTheRole = ['delegation-product-wrong', 'delegation-revoked', 'delegation-counter-exceeded'];

  it('end in the fault of their case, offered as a package signer’s', async () => {
    const { header } = splitPackage(fromHex(packages.cases.find(({ fault }) => fault === undefined)!.file!));
    for (const { name, delegation, epochStatement, epoch, fault } of vectors.cases) {
      const trust = { root: fromHex(vectors.rootPublicKey), product: vectors.product, epoch };
      const line = await chipIn('stm32f427', trust, packages.states['stm32f427']!, {});
      const statement = epochStatement === undefined ? null : fromHex(epochStatement);
      const sent = encodeCbor([header.manifest, fromHex(delegation), statement, null]);
      const due = fault === undefined || afterTheRole.includes(fault) ? 'delegation-role-wrong' : fault;
      expect([name, line.try(0x20, sent).status]).toEqual([name, due]);
    }
    expect(vectors.cases.length).toBeGreaterThan(30);
  });
});
