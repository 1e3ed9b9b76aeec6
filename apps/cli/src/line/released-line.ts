// A released line on this station: packed from a line file, and unpacked again into a folder of its own
// before a run. The run reads what the owner signed, and nothing that stood there before.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bytes, equalBytes, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { faultOfFile, readBoundedFile, writeWholeFile } from '@firmseal/files';
import {
  isLineArchive,
  type LineArchiveParts,
  type LineFile,
  type LineFilePackage,
  type LinePersonalization,
  lineArchiveMaxBytes,
  type OpenedLineArchive,
  openLineArchive,
} from '@firmseal/line';
import { readHead, readInput, readText } from '../files.ts';
import { isBoardFile } from '../personalization/board-option.ts';
import { readPublicKey } from '../public-key-file.ts';
import { isJobId, mqttPaths, readLineFile } from './read-line-file.ts';

const lineFileName = 'line.json';
const rootKeyName = 'root.key.pub';

/** Everything that the line file names, under names of the archive. Throws what reading the files throws. */
export function collectParts(file: LineFile): LineArchiveParts {
  const files = new Map<string, Bytes>();
  const folders = new Map<string, ReadonlyMap<string, Bytes>>();
  const add = (name: string, path: string): string => {
    files.set(name, readInput(path));
    return name;
  };
  // What lets a site certify stays where it is: who runs the archive brings it, or personalizes nothing.
  const packPersonalization = (
    name: string,
    { deviceCa: _, siteToken: __, board, ...one }: LinePersonalization,
  ) => ({
    ...one,
    ...(board === undefined ? {} : { board: isBoardFile(board) ? add(`boards/${name}.json`, board) : board }),
  });
  const packOne = (name: string, one: LineFilePackage): LineFilePackage => {
    const { job, token, licenses, batch, personalize } = one;
    if (licenses !== undefined) folders.set(`licenses/${name}/`, readFolder(licenses));
    return {
      ...one,
      file: add(`packages/${name}.seal`, one.file),
      ...(job === undefined ? {} : { job: isJobId(job) ? job : readText(job) }),
      ...(token === undefined ? {} : { token: add(`tokens/${name}.token`, token) }),
      ...(licenses === undefined ? {} : { licenses: `licenses/${name}` }),
      ...(batch === undefined ? {} : { batch: add(`batches/${name}.batch`, batch) }),
      ...(personalize === undefined ? {} : { personalize: packPersonalization(name, personalize) }),
    };
  };
  const { mqtt } = file;
  let brokerFiles = 0;
  const packed: LineFile = {
    ...file,
    ...(mqtt === undefined
      ? {}
      : { mqtt: { ...mqtt, ...mqttPaths(mqtt, (path) => add(`mqtt/${++brokerFiles}`, path)) } }),
    rootKey: add(rootKeyName, file.rootKey),
    deviceCaDelegation: add('device-ca.delegation', file.deviceCaDelegation),
    packages: Object.fromEntries(
      Object.entries(file.packages).map(([name, one]) => [name, packOne(name, one)]),
    ),
  };
  files.set(lineFileName, utf8(JSON.stringify(packed)));
  return { files, folders };
}

function readFolder(path: string): ReadonlyMap<string, Bytes> {
  const names = readdirSync(path).filter((name) => /^[0-9a-f]{64}\.license$/.test(name));
  return new Map(names.map((name) => [name, readInput(join(path, name))]));
}

/** A line file is JSON; an archive begins with its magic. */
export const isArchive = (path: string): boolean => isLineArchive(readHead(path));

/** Throws the faults of openLineArchive, of the root key, and what reading a file throws. */
export function readArchive(path: string, rootKey: string): OpenedLineArchive {
  const rootPublicKey = readPublicKey(rootKey);
  return openLineArchive(nodeCrypto, readBoundedFile(path, lineArchiveMaxBytes), {
    rootPublicKey,
    file: path,
  });
}

/**
 * Writes the parts into a folder for their owner alone, which is emptied first, and reads the line file
 * there. Throws `line-archive-malformed` where the archive trusts another root than it was opened with.
 */
export function unpackArchive(
  archive: OpenedLineArchive,
  { path, rootKey, folder }: UnpackOptions,
): LineFile {
  try {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, bytes] of archive.files) writePart(join(folder, name), bytes);
    for (const [name, files] of archive.folders) {
      mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
      for (const [one, bytes] of files) writePart(join(folder, name, one), bytes);
    }
  } catch (error) {
    throw faultOfFile(error, folder, 'written');
  }
  const line = readLineFile(join(folder, lineFileName));
  if (!equalBytes(readPublicKey(line.rootKey), readPublicKey(rootKey)))
    throw new Fault('line-archive-malformed', { file: path, problem: 'it trusts another root key' });
  for (const { personalize } of Object.values(line.packages)) {
    if (personalize?.deviceCa !== undefined)
      throw new Fault('line-archive-malformed', { file: path, problem: 'it names a key of a device CA' });
    if (personalize?.siteToken !== undefined)
      throw new Fault('line-archive-malformed', { file: path, problem: 'it names a token of a site' });
  }
  return line;
}

export interface UnpackOptions {
  /** Of the archive. */
  readonly path: string;
  readonly rootKey: string;
  readonly folder: string;
}

function writePart(path: string, bytes: Bytes): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeWholeFile(path, [bytes], { mode: 0o600 });
}
