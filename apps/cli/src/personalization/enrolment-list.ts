// The list of a programming house: a row for each chip with its single-use secret (spec/device.md section 6),
// made by `firmseal agent export --enrol`; and beside it which secrets were used, and by which devices.

import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { type Chip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import { decodeEnrolment, type Enrolment, encodeEnrolment } from '@firmseal/personalization';
import { CountedLines, linesOf } from './counted-lines.ts';

const head = 'id,address,bytes';
const row = /^(?:id,address,bytes|[0-9a-f]{32},0x[0-9A-F]{8},[0-9a-f]{128})$/;
/** Id, thumbprint, chip, time. */
const usedForm = /^[0-9a-f]{32} [0-9a-f]{64} [a-z0-9]{1,32} \d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/;

/** Comma-separated values: where to write what into one chip. */
export function enrolmentCsv(chip: Chip, enrolments: readonly Enrolment[]): string {
  const address = hexAddress(chip.layout.journal[1].addressStart);
  const rows = enrolments.map((one) => [toHex(one.id), address, toHex(encodeEnrolment(one))].join(','));
  return `${[head, ...rows].join('\n')}\n`;
}

/** SEGGER's serial number list: the bytes of one chip a line, hexadecimal. */
export const seggerList = (enrolments: readonly Enrolment[]): string =>
  `${enrolments.map((one) => toHex(encodeEnrolment(one))).join('\n')}\n`;

const invalid = (file: string) => (line: number) => new Fault('enrolment-list-invalid', { file, line });

/** Throws `enrolment-list-invalid` and the faults of files. */
function readSecrets(file: string): Map<string, Bytes> {
  const damaged = invalid(file);
  const lines = linesOf({ file, form: row, damaged });
  if (lines[0] !== head) throw damaged(1);
  const secrets = new Map<string, Bytes>();
  for (const [i, line] of lines.slice(1).entries()) {
    const [id, , block] = line.split(',') as [string, string, string];
    const enrolment = decodeEnrolment(fromHex(block));
    if (enrolment === undefined || toHex(enrolment.id) !== id) throw damaged(i + 2);
    secrets.set(id, enrolment.secret);
  }
  return secrets;
}

export class EnrolmentList {
  readonly #secrets: ReadonlyMap<string, Bytes>;
  readonly #used: CountedLines;

  private constructor(secrets: ReadonlyMap<string, Bytes>, used: CountedLines) {
    this.#secrets = secrets;
    this.#used = used;
  }

  /**
   * Holds the count until `close`. Throws `enrolment-list-invalid`, `state-in-use` and the faults of files.
   */
  static async open(file: string): Promise<EnrolmentList> {
    const secrets = readSecrets(file);
    const used = `${file}.used`;
    return new EnrolmentList(
      secrets,
      await CountedLines.open({ file: used, form: usedForm, damaged: invalid(used) }),
    );
  }

  secretOf(id: Uint8Array): Bytes | undefined {
    return this.#secrets.get(toHex(id));
  }

  /**
   * Before the identity is certified: each secret is for one. Throws `enrolment-used`
   * and the faults of files.
   */
  take(id: Uint8Array, { thumbprint, chipId }: DevicePublic): void {
    const name = toHex(id);
    const before = this.#used.lines.find((line) => line.startsWith(`${name} `));
    if (before !== undefined)
      throw new Fault('enrolment-used', { id: name, thumbprint: before.split(' ')[1]! });
    this.#used.add(`${name} ${toHex(thumbprint)} ${chipId} ${new Date().toISOString()}`);
  }

  close(): Promise<void> {
    return this.#used.close();
  }
}
