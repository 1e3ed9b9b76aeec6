// `firmseal.json`, the file of a desk: what its owner's commands would otherwise be told by options each
// time. It names files and places, and holds nothing secret. docs/desk.md describes it for people.

import { chipIds, findChipNamed } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { isProductName } from '@firmseal/formats';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

export const deskFormat = 'firmseal-desk-1';

const isChip = (name: string): boolean => {
  try {
    return findChipNamed(name).id !== '';
  } catch {
    return false;
  }
};

/** Relative to the folder of the desk file, unless it is absolute. No file system has a name with a NUL. */
const path = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^\P{Cc}*$/u, 'it has control characters');

const deskFile = z.strictObject({
  format: z.literal(deskFormat),
  product: z.string().refine(isProductName, 'it is no name of a product').optional(),
  chip: z
    .string()
    .refine(isChip, `it is no chip of the catalogue (${chipIds().join(', ')})`)
    .optional(),
  keys: z
    .strictObject({
      root: path,
      rootPublic: path,
      signer: path,
      signerDelegation: path,
      deviceCa: path,
      deviceCaDelegation: path,
      agentSigner: path,
      agentSignerDelegation: path,
      issuerDelegation: path,
      authorityPublic: path,
      epochStatement: path,
      approver: path,
      approverDelegation: path,
      approvalPolicy: path,
    })
    .partial()
    .optional(),
  authority: z
    .strictObject({ url: z.string().min(1), folder: path, token: path })
    .partial()
    .optional(),
  line: z.strictObject({ job: path, token: path }).partial().optional(),
  places: z
    .strictObject({ sockets: z.array(z.string()).min(1), ways: z.array(z.string()).min(1) })
    .partial()
    .optional(),
});

export type DeskFile = z.infer<typeof deskFile>;

export interface Desk {
  /** Path of its file. */
  readonly file: string;
  readonly content: DeskFile;
}

/** Throws `desk-file-invalid`, and what readBoundedFile does. */
export function readDesk(file: string): Desk {
  const read = readJsonFile(file, deskFile);
  if ('problem' in read) throw new Fault('desk-file-invalid', { file, problem: read.problem });
  return { file, content: read.data };
}
