// The file that keeps virtual chips from one run to the next. Line 1:
// {format, version, sha256 of what follows}; then JSON: seed and chips, bytes as Base64. It holds what
// stands in flash in plain: readable by its owner only. Written whole or not at all; a file that is not
// whole is refused, never repaired.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import type { KeptState } from '@firmseal/virtual-stm32';
import { readInput } from '../files.ts';

const format = 'firmseal virtual chips';
const version = 1;

export interface KeptBoards {
  readonly chip: string;
  readonly seed: string;
  readonly chips: readonly KeptState[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function encodeChip({ uid, units, options, otp, levelKeys, ...kept }: KeptState): object {
  const { operations, clockUs, chance, chip } = kept;
  return {
    ...{ chip, uid: encode(uid), operations, clockUs },
    options: [...options],
    chance: [...chance],
    ...(otp === undefined ? {} : { otp: encode(otp) }),
    ...(levelKeys.size === 0 ? {} : { levelKeys: [...levelKeys].map(([name, key]) => [name, encode(key)]) }),
    units: units.map(({ index, bytes, granules }) => ({
      ...{ index, bytes: encode(bytes) },
      ...(granules === undefined ? {} : { granules: encode(granules) }),
    })),
  };
}

/** Reads fields of a body whose checksum was right: what is missing was never written by this version. */
function decodeChip(value: unknown): KeptState {
  const object = value as Record<string, unknown>;
  const bytes = (text: unknown): Uint8Array => {
    if (typeof text !== 'string') throw new TypeError('bytes are missing');
    return new Uint8Array(Buffer.from(text, 'base64'));
  };
  const count = (number: unknown): number => {
    if (typeof number !== 'number' || !(number >= 0)) throw new TypeError('a number is missing');
    return number;
  };
  const list = (entries: unknown): unknown[] => {
    if (!Array.isArray(entries)) throw new TypeError('a list is missing');
    return entries;
  };
  return {
    chip: String(object['chip']),
    uid: bytes(object['uid']),
    operations: count(object['operations']),
    clockUs: count(object['clockUs']),
    options: new Map(list(object['options']).map((pair) => list(pair).map(count) as [number, number])),
    chance: new Map(
      list(object['chance']).map((pair) => {
        const [name, words] = list(pair);
        return [String(name), list(words).map((word) => Number(word))];
      }),
    ),
    otp: object['otp'] === undefined ? undefined : bytes(object['otp']),
    levelKeys: new Map(
      list(object['levelKeys'] ?? []).map((pair) => {
        const [name, key] = list(pair);
        return [String(name), bytes(key)];
      }),
    ),
    units: list(object['units']).map((one) => {
      const unit = one as Record<string, unknown>;
      const { index, granules } = unit;
      return {
        ...{ index: count(index), bytes: bytes(unit['bytes']) },
        granules: granules === undefined ? undefined : bytes(granules),
      };
    }),
  };
}

export function writeState(file: string, { chip, seed, chips }: KeptBoards): void {
  const body = `${JSON.stringify({ chip, seed, chips: chips.map(encodeChip) })}\n`;
  const head = { format, version, sha256: sha256(body) };
  writeWholeFile(file, [utf8(`${JSON.stringify(head)}\n${body}`)], { mode: 0o600 });
}

/**
 * Undefined when there is no such file. Throws `state-damaged`, `state-version-unknown`, `file-unreadable`.
 */
export function readState(file: string): KeptBoards | undefined {
  if (!existsSync(file)) return undefined;
  const text = new TextDecoder().decode(readInput(file));
  const damaged = (reason: string, cause?: unknown) =>
    new Fault('state-damaged', { file, reason }, cause === undefined ? {} : { cause });
  const end = text.indexOf('\n');
  let head: Record<string, unknown>;
  try {
    head = JSON.parse(text.slice(0, Math.max(0, end))) as Record<string, unknown>;
  } catch (error) {
    throw damaged('its first line cannot be read', error);
  }
  if (head?.['format'] !== format) throw damaged('it is no file of this kind');
  if (head['version'] !== version)
    throw new Fault('state-version-unknown', { file, version: String(head['version']), known: version });
  const body = text.slice(end + 1);
  if (sha256(body) !== head['sha256']) throw damaged('its checksum does not match');
  try {
    const { chip, seed, chips } = JSON.parse(body) as Record<string, unknown>;
    return { chip: String(chip), seed: String(seed), chips: (chips as unknown[]).map(decodeChip) };
  } catch (error) {
    throw damaged('a field is missing', error);
  }
}
