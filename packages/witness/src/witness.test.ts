// A witness against honest ledgers and those that fork, roll back or forge, over HTTP as a ledger meets it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  formatNote,
  formatWitnessRequest,
  type NoteKey,
  parseNote,
  parseSignatures,
  verifyCheckpoint,
} from '@firmseal/ledger';
import { noteSigner, TestLog } from '@firmseal/ledger/testing';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openWitnessState, type RunningWitness, serveWitness, Witness } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-witness-'));
afterAll(() => rmSync(folder, { recursive: true }));
const signer = noteSigner('witness', 'witness.example/w1');
const nowMs = 1_800_000_123_456;
let number = 0;
let path: string;
beforeEach(() => {
  path = join(folder, `state-${number++}.json`);
});

/** Runs with a witness that serves the ledgers of these keys. */
async function witnessed(
  logs: readonly NoteKey[],
  run: (post: (body: string) => Promise<{ status: number; type: string; body: string }>) => Promise<void>,
) {
  const state = await openWitnessState(path);
  const witness = new Witness({ crypto, signer, logs, state, nowMs: () => nowMs });
  const running: RunningWitness = await serveWitness(witness, { host: '127.0.0.1', port: 0 });
  try {
    await run(async (body) => {
      const response = await fetch(`${running.url}/add-checkpoint`, { method: 'POST', body });
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: await response.text() };
    });
  } finally {
    await running.stop();
    await state.release();
  }
}

const requestOf = async (log: TestLog, old: number, size = log.size) =>
  formatWitnessRequest({
    old,
    proof: await log.tree().proveConsistency(old, size),
    checkpoint: await log.checkpoint(size),
  });

describe('a witness', () => {
  it('cosigns what grows, over restarts too, and the cosignature verifies', async () => {
    const log = new TestLog();
    let old = 0;
    for (const more of [3, 0, 300, 1]) {
      await log.grow(more);
      await witnessed([log.signer.key], async (post) => {
        const answer = await post(await requestOf(log, old));
        expect(answer.status).toBe(200);
        const note = parseNote(await log.checkpoint(), 'it');
        const signatures = [...note.signatures, ...parseSignatures(answer.body, 'the answer')];
        const trust = { log: log.signer.key, witnesses: [signer.key, signer.key], least: 1 };
        const verified = verifyCheckpoint(crypto, formatNote({ ...note, signatures }), trust);
        expect(verified).toMatchObject({ size: log.size });
        expect(verified.cosigned).toEqual([{ name: 'witness.example/w1', timeSeconds: 1_800_000_123 }]);
        expect(() =>
          verifyCheckpoint(crypto, formatNote({ ...note, signatures }), { ...trust, least: 2 }),
        ).toThrow(expect.objectContaining({ code: 'cosignatures-too-few', fields: { found: 1, least: 2 } }));
        old = log.size;
      });
    }
  });

  it('names the size that it has cosigned when the ledger is wrong about it', async () => {
    const log = new TestLog();
    await log.grow(5);
    await witnessed([log.signer.key], async (post) => {
      await post(await requestOf(log, 0));
      for (const old of [0, 3])
        expect(await post(await requestOf(log, old))).toEqual({
          status: 409,
          type: 'text/x.tlog.size',
          body: '5\n',
        });
    });
  });

  it('refuses a fork of the same size, a longer one, and the way back', async () => {
    const log = new TestLog();
    await log.grow(5);
    const fork = new TestLog(log.origin, log.signer);
    await fork.grow(5);
    await witnessed([log.signer.key], async (post) => {
      expect((await post(await requestOf(log, 0))).status).toBe(200);
      const same = await post(await requestOf(fork, 5));
      expect([same.status, same.body]).toEqual([409, expect.stringContaining('FS1821 witness-fork-refused')]);
      await fork.grow(4);
      const longer = await post(await requestOf(fork, 5));
      expect([longer.status, longer.body]).toEqual([
        422,
        expect.stringContaining('FS1822 witness-proof-refused'),
      ]);
      const back = await post(await requestOf(log, 3, 3));
      expect([back.status, back.body]).toEqual([409, '5\n']);
      // And goes on with the true ledger as if nothing had been.
      await log.grow(2);
      expect((await post(await requestOf(log, 5))).status).toBe(200);
    });
  });

  it('does not forget over a restart, and does not start afresh over a file that it cannot read', async () => {
    const log = new TestLog();
    await log.grow(5);
    await witnessed([log.signer.key], async (post) => {
      await post(await requestOf(log, 0));
    });
    const fork = new TestLog(log.origin, log.signer);
    await fork.grow(5);
    await witnessed([log.signer.key], async (post) => {
      expect((await post(await requestOf(fork, 5))).status).toBe(409);
      expect((await post(await requestOf(fork, 0))).status).toBe(409);
    });
    const text = readFileSync(path, 'utf8');
    for (const broken of ['', text.slice(1), text.replace('"size": 5', '"size": -5'), '{}']) {
      writeFileSync(path, broken);
      await expect(openWitnessState(path)).rejects.toMatchObject({ code: 'ledger-settings-invalid' });
    }
  });

  it('has its state alone', async () => {
    const held = await openWitnessState(path);
    await expect(openWitnessState(path)).rejects.toMatchObject({ code: 'witness-state-held' });
    await held.release();
    await (await openWitnessState(path)).release();
  });

  it('signs nothing that it could not keep', async () => {
    const log = new TestLog();
    await log.grow(5);
    const state = {
      find: () => undefined,
      keep: () => {
        throw new Error('the disk is full');
      },
    };
    const witness = new Witness({ crypto, signer, logs: [log.signer.key], state });
    await expect(witness.addCheckpoint(await requestOf(log, 0))).rejects.toThrow('the disk is full');
  });

  it('cosigns one of two histories that come at once', async () => {
    const log = new TestLog();
    await log.grow(5);
    const fork = new TestLog(log.origin, log.signer);
    await fork.grow(6);
    await witnessed([log.signer.key], async (post) => {
      const answers = await Promise.all([post(await requestOf(log, 0)), post(await requestOf(fork, 0))]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    });
  });

  it('refuses strangers, forgers and what is no request', async () => {
    const log = new TestLog();
    await log.grow(5);
    const stranger = new TestLog('stranger.example/ledger');
    await stranger.grow(1);
    const forger = new TestLog(log.origin);
    await forger.grow(5);
    const good = await requestOf(log, 0);
    await witnessed([log.signer.key], async (post) => {
      const cases: [number, string, string][] = [
        [404, 'witness-log-unknown', await requestOf(stranger, 0)],
        [403, 'witness-log-key-unknown', await requestOf(forger, 0)],
        [403, 'witness-log-key-unknown', good.replace('\n5\n', '\n6\n')],
        [400, 'witness-request-malformed', await requestOf(log, 5, 4).then((text) => text)],
        [400, 'witness-request-malformed', ''],
        [400, 'witness-request-malformed', good.replace('old 0', 'old 00')],
        [400, 'witness-request-malformed', good.slice(0, 40)],
        [400, 'witness-request-malformed', `old 0\n${'x\n'.repeat(64)}\n${good}`],
        [400, 'witness-request-malformed', 'x'.repeat(70_000)],
        [
          422,
          'witness-proof-refused',
          good.replace('old 0\n', `old 0\n${Buffer.alloc(32).toString('base64')}\n`),
        ],
      ];
      for (const [status, code, body] of cases) {
        const answer = await post(body);
        expect([answer.status, answer.body], body.slice(0, 60)).toEqual([
          status,
          expect.stringContaining(code),
        ]);
      }
      expect((await post(good)).status).toBe(200);
    });
  });
});
