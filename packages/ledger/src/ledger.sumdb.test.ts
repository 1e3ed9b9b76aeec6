// Tiles, proofs, checkpoints and cosignatures by a reader that is not ours: Go's golang.org/x/mod/sumdb,
// which Debian ships (golang-golang-x-mod-dev).

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leavesOf } from '../test/memory-folder.ts';
import { noteSigner, TestLog } from '../test/test-log.ts';
import { toBase64 } from './base64.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { leafHash } from './entry.ts';
import { growTiles } from './grow-tiles.ts';
import { formatLedgerProof } from './ledger-proof.ts';
import { formatNote, formatNoteKey, type Note, parseNote, signNote } from './note.ts';
import { TileTree } from './tiles.ts';

const home = mkdtempSync(join(tmpdir(), 'firmseal-sumdb-'));
afterAll(() => rmSync(home, { recursive: true }));
const folder = join(home, 'ledger');
const program = join(home, 'sumdb');
const log = new TestLog('authority.example/ledger');
const witness = noteSigner('witness', 'witness.example/w1');
/** Above 65,536, where the third level of tiles begins. */
const [old, size] = [700, 66_000];
let note: Note;

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function verify(): { status: number | null; output: string } {
  const keys = [log.signer.key, witness.key].map((key) => formatNoteKey(crypto, key));
  const { status, stdout, stderr } = spawnSync(program, [...keys, folder], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

beforeAll(async () => {
  const source = fileURLToPath(new URL('../test/sumdb/main.go', import.meta.url));
  const environment = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(home, 'cache') };
  const built = spawnSync('go', ['build', '-o', program, source], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  expect(built.stderr).toBe('');
  await log.grow(old);
  const opened = log.opened.map(({ salt, entry }) => leafHash(crypto, salt, entry));
  await growTiles(crypto, log.folder, { from: old, leaves: leavesOf(opened.length, size) });
  for (const [path, bytes] of log.folder.files) put(path, bytes);
  const tree = new TileTree(crypto, log.folder, size);
  const text = formatCheckpoint({ origin: log.origin, size, root: await tree.root() });
  const timeSeconds = 1_800_000_000;
  note = { text, signatures: [await signNote(crypto, log.signer, { text })] };
  note = { text, signatures: [...note.signatures, await signNote(crypto, witness, { text, timeSeconds })] };
  put('checkpoint', formatNote(note));
  put('checkpoint.old', await log.checkpoint());
  const consistency = await tree.proveConsistency(old);
  put('consistency', consistency.map(toBase64).join('\n'));
  for (const index of [0, 255, 256, 699])
    put(
      `${index}.tlog-proof`,
      formatLedgerProof({
        ...{ index, path: await tree.proveInclusion(index) },
        ...{ checkpoint: formatNote(note), opened: log.opened[index]! },
      }),
    );
});

it('agrees with everything', () => {
  const { status, output } = verify();
  expect(output).toContain(`consistent ${old} ${size}\nentries included\n`);
  expect(output.match(/^proof of \d+$/gm)).toHaveLength(4);
  expect([status, output]).toEqual([0, expect.stringMatching(/\nOK\n$/)]);
});

it.each<[string, () => [string, string | Uint8Array]]>([
  ['a tile', () => ['tile/0/002', changed('tile/0/002')]],
  ['a tile of the second level', () => ['tile/1/000', changed('tile/1/000')]],
  ['an entry', () => ['tile/entries/000', changed('tile/entries/000')]],
  ['the consistency proof', () => ['consistency', toBase64(new Uint8Array(32))]],
  ['a proof', () => ['255.tlog-proof', text('255.tlog-proof').replace('index 255', 'index 254')]],
  ['a cosignature', () => ['checkpoint', withSignature(1)]],
  ['the signature of the ledger', () => ['checkpoint', withSignature(0)]],
  ['the size', () => ['checkpoint', text('checkpoint').replace(`\n${size}\n`, `\n${size - 1}\n`)]],
])('disagrees when %s is another', (_, change) => {
  const [path, content] = change();
  const whole = readFileSync(join(folder, path));
  put(path, content);
  const { status, output } = verify();
  put(path, whole);
  expect([status, output]).toEqual([1, expect.stringContaining('FAIL')]);
});

const text = (path: string): string => readFileSync(join(folder, path), 'utf8');

function changed(path: string): Uint8Array {
  const bytes = readFileSync(join(folder, path));
  bytes[40]! ^= 1;
  return bytes;
}

function withSignature(which: number): string {
  const { signatures } = parseNote(text('checkpoint'), 'it');
  const other = signatures.map((one, i) => {
    const bytes = one.bytes.slice();
    if (i === which) bytes[30]! ^= 1;
    return { ...one, bytes };
  });
  return formatNote({ ...note, signatures: other });
}
