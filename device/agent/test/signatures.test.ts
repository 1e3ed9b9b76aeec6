// What leaves the agent signed, and the random bytes behind it: spec/suites.md section 2.1, on the agent's
// WebAssembly build. The host plays cryptography and generator, and makes both fail.

import { decodeCbor } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type CpuPort, type ExecutorFactory, wasmAgent } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { buildWeakenedAgent } from '../build.ts';
import { blankLine, type Line, personalizeBegin, personalizedLine } from './line.ts';
import { makePackage, pattern } from './trusted-site.ts';

const chipId = 'stm32f427';
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The agent over a generator of the test's. */
function drawingFrom(random: (length: number, cpu: CpuPort) => Uint8Array): ExecutorFactory {
  const factory = wasmAgent(crypto);
  return {
    recognizes: (cpu) => factory.recognizes(cpu),
    create() {
      const agent = factory.create();
      const start = agent.start.bind(agent);
      agent.start = (cpu: CpuPort) =>
        start(Object.create(cpu, { random: { value: (length: number) => random(length, cpu) } }));
      return agent;
    },
  };
}

describe('a faulty signature', () => {
  /** Signs as usual until told to spoil a bit, of r or of s. */
  function spoiling() {
    const now = { bit: undefined as number | undefined };
    const spoilt: Crypto = {
      ...crypto,
      signEs256(key, message) {
        const signature = crypto.signEs256(key, message);
        if (now.bit !== undefined) signature[now.bit >> 3]! ^= 1 << (now.bit & 7);
        return signature;
      },
    };
    return { now, player: wasmAgent(spoilt) };
  }

  const requests = (line: Line) => ({
    hello: () => line.try(0x02, pattern(32, 1)),
    receipt: () => line.try(0x24, pattern(32, 2)),
  });

  it.each([
    ['r', 0],
    ['s', 300],
    ['the lowest bit of s', 504],
  ])('does not leave the chip, nor anything of what was signed: %s', async (_, bit) => {
    const { now, player } = spoiling();
    const line = await blankLine(chipId, 'line', undefined, [], player);
    now.bit = bit;
    const { status, payload } = line.try(0x10, personalizeBegin());
    expect([status, payload.length], 'proof of possession').toEqual(['internal-check-failed', 4]);
    expect(line.try(0x11, Uint8Array.of(0x80)).status).toBe('request-out-of-state');
    now.bit = undefined;
    await line.personalize(2);
    await line.install(await makePackage(chipId));
    for (const [name, ask] of Object.entries(requests(line))) {
      now.bit = bit;
      const refused = ask();
      expect([name, refused.status, refused.payload]).toEqual([
        name,
        'internal-check-failed',
        new Uint8Array(4),
      ]);
      now.bit = undefined;
      expect([name, ask().status], 'and the next one is right').toEqual([name, 0]);
    }
    expect(line.hello().lifeCycle).toBe('installed');
  });

  it('leaves an agent that does not verify', async () => {
    const { now, player } = spoiling();
    const agent = await buildWeakenedAgent(chipId, { 'sign-verified': '(void)key; (void)parts;' });
    const line = await blankLine(chipId, 'line', agent, [], player);
    await line.personalize(2);
    now.bit = 300;
    expect(line.try(0x02, pattern(32, 1)).status).toBe(0);
    expect(() => line.hello()).toThrow();
  });

  it('is found by the public key of the identity: a private key that changed signs nothing', async () => {
    const other = crypto.generateP256().privateKey;
    const now = { exchanged: false };
    const exchanging: Crypto = {
      ...crypto,
      signEs256: (key, message) => crypto.signEs256(now.exchanged ? other : key, message),
    };
    const line = await blankLine(chipId, 'line', undefined, [], wasmAgent(exchanging));
    await line.personalize(2);
    now.exchanged = true;
    expect(line.try(0x02, pattern(32, 1)).status).toBe('internal-check-failed');
  });
});

describe('hellos', () => {
  it.each(['stm32f427', 'stm32g0b1'])('of %s never have a nonce twice, nor the same r', async (id) => {
    const line = await personalizedLine(id, 1);
    const challenge = pattern(32, 1);
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0) line.chip.reset();
      const [, hello] = decodeCbor(line.request(0x02, challenge), { maxBytes: 4096 }) as Uint8Array[];
      seen.add(hex(hello!.slice(-64, -32)));
      seen.add(hex(line.hello(challenge).nonce));
    }
    expect(seen.size).toBe(12);
  });

  it('repeat a nonce when the agent draws no nonce, and this test finds it', async () => {
    const agent = await buildWeakenedAgent(chipId, { 'hello-nonce': '' });
    const line = await personalizedLine(chipId, 1, 'line', agent);
    expect(line.hello().nonce).toEqual(line.hello().nonce);
  });
});

describe('a chip with a generator', () => {
  it('hands on none of its words', async () => {
    const words = new Set<string>();
    const line = await blankLine(
      chipId,
      'line',
      undefined,
      [],
      drawingFrom((length, cpu) => {
        const bytes = cpu.random(length);
        for (let at = 0; at + 4 <= length; at += 4) words.add(hex(bytes.subarray(at, at + 4)));
        return bytes;
      }),
    );
    await line.personalize(0);
    const { nonce } = line.hello();
    const identity = line.chip.judge.flash(line.chip.chip.layout.identity.addressStart, 144);
    expect(words.size).toBeGreaterThan(50);
    for (const secret of [nonce, identity.subarray(16)])
      for (let at = 0; at + 4 <= secret.length; at++)
        expect(words.has(hex(secret.subarray(at, at + 4)))).toBe(false);
  });

  it.each([
    ['one word over and over', () => new Uint8Array(64).fill(0xa5)],
    [
      'equal words once',
      (bytes: Uint8Array) => {
        bytes.copyWithin(28, 24, 28);
        return bytes;
      },
    ],
  ])('makes nothing of %s', async (_, change) => {
    const now = { stuck: false };
    const player = drawingFrom((length, cpu) => {
      const bytes = cpu.random(length);
      return now.stuck ? change(bytes) : bytes;
    });
    const line = await blankLine(chipId, 'line', undefined, [], player);
    now.stuck = true;
    expect(line.try(0x10, personalizeBegin()).status).toBe('random-failed');
    now.stuck = false;
    await line.personalize(2);
    now.stuck = true;
    const { status, payload } = line.try(0x02, pattern(32, 1));
    expect([status, payload.length]).toEqual(['random-failed', 4]);
    now.stuck = false;
    line.hello();
  });

  describe('that gives the same bytes after each reset', () => {
    const lineOf = async (agent?: Uint8Array) => {
      const player = drawingFrom((length) => pattern(length, 9));
      const line = await blankLine(chipId, 'line', agent, [], player);
      await line.personalize(0);
      return line;
    };
    const keysOf = ({ chip: { judge, chip } }: Line) =>
      hex(judge.flash(chip.layout.identity.addressStart + 16, 96));

    it('still differs within one boot, and shows no key after the next reset', async () => {
      const line = await lineOf();
      const nonces = Array.from({ length: 4 }, () => hex(line.hello().nonce));
      expect(new Set(nonces).size).toBe(4);
      line.chip.reset();
      for (let i = 0; i < 4; i++) expect(keysOf(line)).not.toContain(hex(line.hello().nonce));
    });

    it('shows the private key as a nonce where no key of the device goes in', async () => {
      const line = await lineOf(
        await buildWeakenedAgent(chipId, { 'random-device-key': 'seed[2].length = 0;' }),
      );
      line.chip.reset();
      expect(keysOf(line)).toContain(hex(line.hello().nonce));
    });
  });
});

describe('a chip without a generator', () => {
  const id = 'stm32g0b1';
  const begin = (line: Line, seed: Uint8Array) =>
    (decodeCbor(line.request(0x10, personalizeBegin(seed)), { maxBytes: 4096 }) as Uint8Array[]).map(hex);

  it('makes other keys of another seed, and of the same seed given again', async () => {
    const line = await blankLine(id);
    const made = [1, 2, 2].map((number) => begin(line, pattern(32, number))[0]);
    expect(new Set(made).size).toBe(3);
  });

  it('counts a boot before its first output, and not without one', async () => {
    const line = await personalizedLine(id, 1);
    const programs = (act: () => void) => {
      let count = 0;
      line.chip.power.onOperation = ({ kind }) => {
        if (kind === 'program') count++;
      };
      act();
      line.chip.power.onOperation = undefined;
      return count;
    };
    expect(
      programs(() => line.hello()),
      'first output of the boot',
    ).toBeGreaterThan(0);
    expect(
      programs(() => line.hello()),
      'the second',
    ).toBe(0);
    expect(
      programs(() => {
        line.chip.reset();
        line.info();
      }),
    ).toBe(0);
    expect(
      programs(() => line.hello()),
      'the next boot',
    ).toBeGreaterThan(0);
  });

  it('gives no output while the count cannot be stored', async () => {
    const line = await personalizedLine(id, 1);
    const before = line.hello().nonce;
    line.chip.reset();
    line.chip.power.onOperation = ({ kind }) => {
      if (kind === 'program') line.chip.powerOff();
    };
    expect(() => line.try(0x02, pattern(32, 1))).toThrow();
    line.chip.power.onOperation = undefined;
    line.chip.powerOn();
    expect(line.hello().nonce).not.toEqual(before);
  });
});
