// Chips, card and files of the stand-in for ST's tools (README.md): what the two command lines work on.

import { createHash } from 'node:crypto';
import type { FamilyId } from '@firmseal/sfi';

/** Ids of the table of causes, and a few deaths besides. */
export type WorldFault = string;

export interface StandInChip {
  readonly serialNumber: string;
  readonly family: FamilyId;
  readonly deviceId: number;
  readonly deviceName: string;
  readonly productId: string;
  readonly probe: 'st-link' | 'j-link';
  /** Option bytes now. */
  fields: Record<string, number>;
  /** Option bytes that a whole install leaves. */
  readonly final: Readonly<Record<string, number>>;
  /** Debug authentication data are provisioned. */
  provisioned: boolean;
  /** The chip answers no debugger any more. */
  shut: boolean;
  /** A whole install ended here. */
  installed: boolean;
  installs: number;
  faults: WorldFault[];
}

export interface World {
  readonly toolVersion: string;
  chips: StandInChip[];
  card: { counter: number; readonly firmware: string; readonly key: string; readonly status: string };
  /** The key that the image was built with; a license of another key is refused. */
  imageKey: string;
}

/** What the tool reads and writes besides. */
export interface StandInFiles {
  read(path: string): Uint8Array | undefined;
  write(path: string, bytes: Uint8Array): void;
}

export const certificateOf = ({ productId, serialNumber }: StandInChip): Uint8Array => {
  const digest = createHash('sha512').update(`stand-in certificate ${serialNumber}`).digest();
  return Uint8Array.from([...Buffer.from(productId, 'latin1'), ...digest, ...digest]);
};

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const licenseFor = (certificate: Uint8Array, key: string): Uint8Array =>
  Buffer.from(`stand-in license ${key} ${digestOf(certificate)}`);

/** One license fits one chip and one key; a global one every chip. */
export const licenseFits = (license: Uint8Array, chip: StandInChip, key: string): boolean => {
  const text = Buffer.from(license).toString();
  return (
    text === Buffer.from(licenseFor(certificateOf(chip), key)).toString() || text === `stand-in global ${key}`
  );
};

export const has = (chip: StandInChip, fault: WorldFault): boolean => chip.faults.includes(fault);
