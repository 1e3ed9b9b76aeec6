// Enrolment in machine code (spec/device.md section 6): the proof covers all that the identity rests on; the
// secret is there until there is an identity, and gone afterwards, wherever the power was cut.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Bytes, concatBytes, crc32, fromHex, u32le } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import { finalOptions, findChip } from '@firmseal/chips';
import { originNumber } from '@firmseal/formats';
import { describe, expect, it } from 'vitest';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { type Line, NoAnswer, personalizeBegin, personalizeFinish } from './line.ts';
import { certify, epoch, origin, pattern, product, root } from './trusted-site.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const chip = findChip('stm32f427');
const { addressStart } = chip.layout.journal[1];
const id = pattern(16, 5);
const secret = pattern(32, 6);
const nonce = pattern(32, 7);

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/enrolment/prove.json', import.meta.url), 'utf8'),
) as { cases: { name: string; block: string; fault?: string }[] };
const missing = cases.filter(({ fault }) => fault !== undefined);

function blockOf(): Bytes {
  const before = concatBytes(Buffer.from('FSEN'), u32le(1), id, secret, u32le(0));
  return concatBytes(before, u32le(crc32(before)));
}

/** A blank chip as a programming house leaves it, but for its level. */
function enrolledLine(block: Bytes, without: Record<string, string> = {}): Line {
  const build =
    Object.keys(without).length === 0
      ? buildAgent(targetOf(chip.id))
      : mutantBuild({ chip: chip.id, without });
  const line = quickMachineLine(chip.id, 'enrolment', build);
  line.chip.debug.connect();
  expect(line.chip.debug.programFlash(addressStart, block)).toBe('ok');
  return line;
}

interface Begun {
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
}

function begin(line: Line): Begun {
  const [signingKey, kemKey] = decodeCbor(line.request(0x10, personalizeBegin()), {
    maxBytes: 4096,
  }) as Bytes[];
  return { signingKey: signingKey!, kemKey: kemKey! };
}

function proofOf({ signingKey, kemKey }: Begun): Buffer {
  const parts = [nonce, root.publicKey, signingKey, kemKey, u32le(epoch), u32le(originNumber(origin))];
  const all = Buffer.concat([Buffer.from('firmseal/1 enrol'), ...parts, Buffer.from(product)]);
  return createHmac('sha256', secret).update(all).digest();
}

const enrol = (line: Line) => decodeCbor(line.request(0x13, nonce), { maxBytes: 256 }) as [Bytes, Bytes];

async function finish(line: Line, keys: Begun): Promise<void> {
  const certificate = await certify({ ...keys, chipId: chip.id });
  const options = finalOptions(chip, 0);
  line.request(0x11, personalizeFinish(certificate, options));
}

const holdsSecret = ({ chip: { judge } }: Line): boolean => {
  const { addressStart: start, sizeBytes } = chip.flash;
  return Buffer.from(judge.flash(start, sizeBytes)).includes(Buffer.from(secret));
};

describe.skipIf(!canBuild)('an enrolment secret', () => {
  it('is proven for the keys of the last begin, and erased once the chip has its identity', async () => {
    const line = enrolledLine(blockOf());
    expect(line.try(0x13, nonce).status).toBe('request-out-of-state');
    const first = begin(line);
    const keys = begin(line);
    expect(line.try(0x13, nonce.slice(1)).status).toBe('request-malformed');
    const [named, mac] = enrol(line);
    expect(named).toEqual(id);
    expect(Buffer.from(mac)).toEqual(proofOf(keys));
    expect(Buffer.from(mac)).not.toEqual(proofOf(first));
    expect(holdsSecret(line)).toBe(true);
    await finish(line, keys);
    expect(holdsSecret(line)).toBe(false);
    expect(line.hello()).toMatchObject({ lifeCycle: 'personalized' });
    expect(line.try(0x13, nonce).status).toBe('already-personalized');
  });

  it.each(missing)('of the vectors, $name, is said to be missing', ({ block }) => {
    const line = enrolledLine(fromHex(block));
    begin(line);
    expect(line.try(0x13, nonce).status).toBe('enrolment-missing');
  });

  it('survives until there is an identity, and not the next start, wherever power is cut', async () => {
    const whole = enrolledLine(blockOf());
    const keys = begin(whole);
    const before = whole.chip.power.operations;
    await finish(whole, keys);
    const operations = whole.chip.power.operations - before;
    const seen = new Set<string>();
    for (let cut = 1; cut <= operations; cut += Math.ceil(operations / sampled(24, 8))) {
      const line = enrolledLine(blockOf());
      const cutKeys = begin(line);
      line.chip.power.plan([{ operation: line.chip.power.operations + cut, moment: 'torn' }]);
      await finish(line, cutKeys).catch((error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
      });
      line.chip.powerOff();
      line.chip.powerOn();
      const hasIdentity = line.info().get(3) !== 0;
      seen.add(`identity ${hasIdentity}`);
      expect([cut, holdsSecret(line)]).toEqual([cut, !hasIdentity]);
    }
    expect(seen.size).toBe(2);
  }, 240_000);
});

describe.skipIf(!canBuild)('without a defence', () => {
  it.each(['enrolment-binds-root', 'enrolment-binds-keys'])('%s: the proof is another one', (name) => {
    const line = enrolledLine(blockOf(), { [name]: '' });
    const keys = begin(line);
    expect(Buffer.from(enrol(line)[1])).not.toEqual(proofOf(keys));
  });

  it('enrolment-checksum: a torn secret proves something', () => {
    const line = enrolledLine(blockOf().fill(0xff, 40), { 'enrolment-checksum': '' });
    begin(line);
    expect(line.try(0x13, nonce).status).toBe(0);
  });
});
