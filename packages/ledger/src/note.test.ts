// Signed notes against published ones (the example of Go's sumdb/note, the key of sum.golang.org), and
// against texts that are almost notes.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteSigner } from '../test/test-log.ts';
import { findSignature, formatNote, formatNoteKey, parseNote, parseNoteKey, signNote } from './note.ts';

// Facts of golang.org/x/mod/sumdb/note, example_test.go: key, text and signature.
const publishedKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const published =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n" +
  '\n' +
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

describe('a note that others published', () => {
  const key = parseNoteKey(crypto, publishedKey, 'it');

  it('verifies, and not with any letter of its text changed', () => {
    expect(findSignature(crypto, parseNote(published, 'it'), key)).toEqual({ timeSeconds: undefined });
    const end = published.indexOf('\n\n');
    for (let at = 0; at < end; at += 5) {
      const other = `${published.slice(0, at)}~${published.slice(at + 1)}`;
      expect(findSignature(crypto, parseNote(other, 'it'), key), `letter ${at}`).toBeUndefined();
    }
  });

  it('has keys that are read and written as they stand', () => {
    const keys = [publishedKey, 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'];
    for (const text of keys) expect(formatNoteKey(crypto, parseNoteKey(crypto, text, 'it'))).toBe(text);
  });
});

it.each([
  ['another id', publishedKey.replace('c74f20a3', 'c74f20a4')],
  ['another name', publishedKey.replace('Peter', 'Pieter')],
  ['another kind', publishedKey.replace('+ARpc', '+Axpc')],
  ['a space in its name', publishedKey.replace('rN', 'r N')],
  ['an end that is cut', publishedKey.slice(0, -4)],
  ['no id', publishedKey.replace('+c74f20a3', '')],
])('a key with %s is refused', (_, text) => {
  expect(() => parseNoteKey(crypto, text, 'it')).toThrow(
    expect.objectContaining({ code: 'note-key-malformed' }),
  );
});

it('what was signed is read back, whatever the text', async () => {
  const [log, witness] = [noteSigner('log', 'a.example'), noteSigner('witness', 'b.example')];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[ -~\u00e4\u2014]{0,40}$/), { minLength: 1 }),
      async (lines) => {
        const text = `${lines.join('\n')}\n`;
        const signatures = [
          await signNote(crypto, log, { text }),
          await signNote(crypto, witness, { text, timeSeconds: 1_800_000_000 }),
        ];
        const note = parseNote(formatNote({ text, signatures }), 'it');
        expect(note).toEqual({ text, signatures });
        expect(findSignature(crypto, note, log.key)).toEqual({ timeSeconds: undefined });
        expect(findSignature(crypto, note, witness.key)).toEqual({ timeSeconds: 1_800_000_000 });
        // A cosignature is no signature of a ledger, and the other way round.
        expect(findSignature(crypto, note, { ...witness.key, kind: 'log' })).toBeUndefined();
        expect(findSignature(crypto, note, { ...log.key, kind: 'witness' })).toBeUndefined();
      },
    ),
    { seed: 1800, numRuns: 40 },
  );
});

it('hostile text is a note, or note-malformed', () => {
  fc.assert(
    fc.property(fc.nat(published.length), fc.string({ unit: 'binary', maxLength: 3 }), (at, more) => {
      try {
        parseNote(published.slice(0, at) + more + published.slice(at), 'it');
      } catch (fault) {
        if ((fault as { code?: string }).code !== 'note-malformed') throw fault;
      }
    }),
    { seed: 1801, numRuns: 150 },
  );
});
