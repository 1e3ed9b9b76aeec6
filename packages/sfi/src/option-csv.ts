// Reads an option-byte file of ST's packager (spec/sfi.md section 4): a row a register, NAME,0xVALUE, in an
// order that is fixed for each family. Public files differ in spaces, line ends and separators; those are
// taken. A row that cannot be understood is refused with its line, because a guess would end up in a chip.

import { Fault } from '@firmseal/fault';

export interface OptionRow {
  readonly name: string;
  readonly value: number;
  /** From 1. */
  readonly line: number;
}

const mostRows = 256;
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_ .()[\]/-]{0,39}$/;
const valueForm = /^(?:0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/;
/** Hexadecimal without its mark, where a letter leaves no doubt. */
const bareHex = /^(?=[0-9]*[a-fA-F])[0-9a-fA-F]{8}$/;
const mostValue = 0xffff_ffff;

function readRow(text: string, line: number): OptionRow {
  const refuse = (reason: string): never => {
    throw new Fault('option-file-invalid', { line, reason });
  };
  const [name = '', value = ''] = text.split(/[,;\t=]/).map((part) => part.trim().replace(/^"(.*)"$/, '$1'));
  if (!nameForm.test(name)) return refuse('the first word is no name of a register');
  if (bareHex.test(value)) return { name: name.replaceAll(/ +/g, '_'), value: Number(`0x${value}`), line };
  if (!valueForm.test(value)) return refuse('the second word is no number, as 0x1026AAD0');
  const number = Number(value);
  if (number > mostValue) return refuse('the number has more than 32 bits');
  return { name: name.replaceAll(/ +/g, '_'), value: number, line };
}

const isHeading = (text: string): boolean => /^"?(?:name|register|option byte)s?"?\s*[,;\t]/i.test(text);

/** The rows in the order of the file. Throws `option-file-invalid`. */
export function readOptionFile(text: string): OptionRow[] {
  const rows: OptionRow[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || /^(?:#|\/\/)/.test(line) || (rows.length === 0 && isHeading(line))) continue;
    if (rows.length === mostRows)
      throw new Fault('option-file-invalid', {
        line: index + 1,
        reason: `there are more than ${mostRows} rows`,
      });
    rows.push(readRow(line, index + 1));
  }
  if (rows.length === 0) throw new Fault('option-file-invalid', { line: 1, reason: 'there is no row' });
  const seen = new Map<string, number>();
  for (const { name, line } of rows) {
    const before = seen.get(name);
    if (before !== undefined && !/^RESERVED/i.test(name))
      throw new Fault('option-file-invalid', { line, reason: `${name} stands in line ${before} already` });
    seen.set(name, line);
  }
  return rows;
}

/** Whether a text is such a file, as far as its first rows tell. */
export function looksLikeOptionFile(text: string): boolean {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:#|\/\/)/.test(line) && !isHeading(line));
  const fitting = lines.filter((line) =>
    /^[A-Za-z][A-Za-z0-9_ ]{0,39}\s*[,;\t]\s*(?:0[xX])?[0-9a-fA-F]+\s*(?:[,;\t].*)?$/.test(line),
  );
  return lines.length > 0 && fitting.length * 2 > lines.length;
}
