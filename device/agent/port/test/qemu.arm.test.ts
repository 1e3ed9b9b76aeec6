// The Cortex-M4 code that ships for the F427, executed: an independent emulator runs the agent's
// Thumb-2 build on a board whose RAM stands in for flash and option bytes, and the client that stations
// use installs a package over TCP.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentClient } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { finalOptions, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { DevicePublic } from '@firmseal/formats';
import { readImage } from '@firmseal/image';
import { type Hello, verifyHello, verifyReceipt } from '@firmseal/license';
import { type ByteStream, systemClock } from '@firmseal/link';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasTool, runTool } from '../../../../tools/toolchain.ts';
import {
  certify,
  epoch,
  keyPair,
  makeLicense,
  makePackage,
  origin,
  pattern,
  product,
  root,
} from '../../test/trusted-site.ts';
import { bearsslMissing } from '../../toolchain/bearssl.ts';
import { qemuTarget, targetOf } from '../../toolchain/targets.ts';
import { buildAgent } from '../../toolchain/thumb.ts';
import { type QemuBoard, startQemu } from './qemu-board.ts';

const tools = ['qemu-system-arm', 'arm-none-eabi-gcc', 'timeout'];
const missing = tools.every((name) => hasTool(name)) ? bearsslMissing() : 'QEMU or the compiler is missing';
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const folder = mkdtempSync(join(tmpdir(), 'firmseal-qemu-'));
afterAll(() => rmSync(folder, { recursive: true }));

const chip = findChip('stm32f427');
const slot = chip.layout.slots[0]!;
/** The board has at 0 what the chip has at 0x08000000. */
const boardAddress = slot.storeStart - 0x0800_0000;
const uniqueId = [0x0033_0041, 0x3438_5105, 0x3631_3531] as const;
const greeting = 'the application runs on mps2-an386\r\n';
const begin = { rootPublicKey: root.publicKey, product, epoch, challenge: new Uint8Array(0), origin };

let board: QemuBoard | undefined;
afterEach(async () => {
  await board?.end();
  board = undefined;
});

async function start(seed: number): Promise<QemuBoard> {
  board = await startQemu({ elf: buildAgent(qemuTarget()).elf, folder, uniqueId, seed });
  return board;
}

/** A frame that a reset of the board cuts costs one repeat; many, for a machine that gives QEMU few turns. */
const connect = (stream: ByteStream) =>
  AgentClient.connect({ stream, clock: systemClock, answerTimeoutMs: 3000, attempts: 15 });

/** 5 KiB: the program, then a pattern. */
function application(): Bytes {
  const source = fileURLToPath(new URL('./qemu-application.S', import.meta.url));
  const flags = ['-mcpu=cortex-m4', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,0'];
  const place = `-Wl,-Ttext=0x${boardAddress.toString(16)}`;
  runTool('arm-none-eabi-gcc', [...flags, place, source, '-o', 'application.elf'], folder);
  const [segment] = readImage(readFileSync(join(folder, 'application.elf'))).segments;
  const whole = pattern(5 * 1024, 9);
  whole.set(segment!.bytes);
  return whole;
}

async function personalize(client: AgentClient): Promise<void> {
  const { signingKey, kemKey } = await client.personalizeBegin(begin);
  const certificate = await certify({ signingKey, kemKey, chipId: chip.id });
  await client.personalizeFinish({ certificate, optionBytes: finalOptions(chip, 2) });
}

async function greet(client: AgentClient): Promise<{ device: DevicePublic; hello: Hello }> {
  const challenge = crypto.randomBytes(32);
  const answer = await client.hello(challenge);
  const device = verifyDeviceCertificate(crypto, answer.certificate, {
    ...{ caPublicKeys: [keyPair('device CA').publicKey], product, now: new Date('2026-06-01T00:00:00Z') },
  });
  return { device, hello: verifyHello(crypto, { hello: answer.hello, device, challenge }) };
}

describe('the Cortex-M4 agent on qemu-system-arm', () => {
  test('core, cryptography and cortex-m are, byte for byte, the objects that ship on F427, apart from reception and USB', () => {
    const shared = (objects: ReturnType<typeof buildAgent>['objects']) =>
      new Map(
        objects
          // On F427 DMA receives, and main.c has it inlined: QEMU's board looks for each byte. It has no USB.
          .filter(({ source, isOurs }) => {
            const [folder, file] = source.split(sep).slice(-2) as [string, string];
            return (
              !isOurs ||
              !(
                /stm32|mps2an386|dma-v1|no-usb|otg/.test(folder) ||
                file === 'fs_line.c' ||
                (folder === 'cortex-m' && file === 'main.c')
              )
            );
          })
          .map(({ source, path }) => [source, crypto.sha256(readFileSync(path))]),
      );
    const here = shared(buildAgent(qemuTarget()).objects);
    expect(here.size).toBeGreaterThan(50);
    expect(here).toEqual(shared(buildAgent(targetOf('stm32f427')).objects));
  });

  test('personalizes, refuses a changed record, installs with a receipt that verifies, hands over and comes back', async () => {
    const { stream, said } = await start(0x1234_5678);
    const client = await connect(stream);
    expect(client.info.lifeCycle).toBe('blank');
    await personalize(client);
    const { device, hello } = await greet(client);
    expect(hello).toMatchObject({ lifeCycle: 'personalized', readoutLevel: 2, installCount: 0 });

    const plaintext = application();
    const area = { kind: 'firmware', address: slot.storeStart, lengthBytes: plaintext.length } as const;
    const core = { entry: slot.storeStart, leastReadoutLevel: 2 as const };
    const sealed = await makePackage('stm32f427', { core, areas: [{ area, plaintext }] });
    expect(sealed.records.length).toBe(5);
    const license = await makeLicense(sealed, { ...device, nonce: hello.nonce });
    await client.sendPackageHeader(sealed.headerBytes);
    expect(await client.sendLicense(license.bundle)).toBe('ready');
    const changed = sealed.records.map((record) => record.slice());
    changed[3]![100]! ^= 1;
    const records = (list: readonly Bytes[]) => ({
      count: list.length,
      recordAt: (index: number) => list[index]!,
    });
    await expect(client.streamRecords(records(changed))).rejects.toMatchObject({ code: 'record-hash-wrong' });
    await client.streamRecords(records(sealed.records));

    const challenge = crypto.randomBytes(32);
    const receipt = await client.receipt(challenge);
    const options = { receipt, device, license, manifest: sealed.manifest, challenge };
    expect(verifyReceipt(crypto, options)).toMatchObject({
      ...{ fresh: true, result: 'installed', installCount: 1, unprotected: false },
    });

    expect(said()).not.toContain(greeting);
    await client.start();
    await vi.waitFor(() => expect(said()).toContain(greeting), { timeout: 60_000, interval: 50 });
    expect(said().split(greeting)).toHaveLength(2);

    await stream.write(Uint8Array.of(0x61)); // the application asks for the agent
    expect((await client.readInfo()).lifeCycle).toBe('installed');
    const again = (await greet(client)).hello;
    expect(again).toMatchObject({ lifeCycle: 'installed', readoutLevel: 2, installCount: 1 });
    expect(again.nonce).not.toEqual(hello.nonce);
    await client.close();
  });

  test('without a seed the stand-in generator gives nothing, and no keys are made', async () => {
    const { stream } = await start(0);
    const client = await connect(stream);
    await expect(client.personalizeBegin(begin)).rejects.toMatchObject({ code: 'random-failed' });
    await client.close();
  });
});
