// The line file from the disk: checked, and its paths as they are seen from here.

import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Fault } from '@firmseal/fault';
import { type LineFile, type LinePersonalization, lineFileSchema } from '@firmseal/line';
import { readText } from '../files.ts';
import { readJsonFile } from '../json-file.ts';
import { isBoardFile } from '../personalization/board-option.ts';

/** Throws `line-file-invalid`, and what readBoundedFile does. */
export function readLineFile(path: string): LineFile {
  const read = readJsonFile(path, lineFileSchema);
  if ('problem' in read) throw new Fault('line-file-invalid', { file: path, problem: read.problem });
  const at = (name: string): string => (isAbsolute(name) ? name : join(dirname(resolve(path)), name));
  const { rootKey, deviceCaDelegation, packages, mqtt, ...rest } = read.data;
  return {
    ...rest,
    ...(mqtt === undefined ? {} : { mqtt: { ...mqtt, ...mqttPaths(mqtt, at) } }),
    rootKey: at(rootKey),
    deviceCaDelegation: at(deviceCaDelegation),
    packages: Object.fromEntries(
      Object.entries(packages).map(([name, { file, job, token, licenses, batch, personalize, ...one }]) => [
        name,
        {
          ...one,
          file: at(file),
          // An id stays what it is; anything else names the file that holds one.
          ...(job === undefined ? {} : { job: isJobId(job) ? job : at(job) }),
          ...(token === undefined ? {} : { token: at(token) }),
          ...(licenses === undefined ? {} : { licenses: at(licenses) }),
          ...(batch === undefined ? {} : { batch: at(batch) }),
          ...(personalize === undefined ? {} : { personalize: personalizationPaths(personalize, at) }),
        },
      ]),
    ),
  };
}

/** The id, or that in the file. Throws `line-file-invalid`, and what reading a file throws. */
export function jobIdOf(job: string): string {
  const id = isJobId(job) ? job : readText(job);
  if (!isJobId(id)) throw new Fault('line-file-invalid', { file: job, problem: 'it holds no id of a job' });
  return id;
}

export const isJobId = (text: string): boolean => /^[0-9a-fA-F]{32}$/.test(text);

/** Board file, key and token, each as `place` gives it. */
function personalizationPaths(
  { board, deviceCa, siteToken, ...one }: LinePersonalization,
  place: (path: string) => string,
): LinePersonalization {
  return {
    ...one,
    ...(board === undefined ? {} : { board: isBoardFile(board) ? place(board) : board }),
    ...(deviceCa === undefined ? {} : { deviceCa: place(deviceCa) }),
    ...(siteToken === undefined ? {} : { siteToken: place(siteToken) }),
  };
}

/** The files of a broker, each as `place` gives it. */
export function mqttPaths(
  { passwordFile, ca, certificate, key }: NonNullable<LineFile['mqtt']>,
  place: (path: string) => string,
): Pick<NonNullable<LineFile['mqtt']>, 'passwordFile' | 'ca' | 'certificate' | 'key'> {
  return {
    ...(passwordFile === undefined ? {} : { passwordFile: place(passwordFile) }),
    ...(ca === undefined ? {} : { ca: place(ca) }),
    ...(certificate === undefined ? {} : { certificate: place(certificate) }),
    ...(key === undefined ? {} : { key: place(key) }),
  };
}
