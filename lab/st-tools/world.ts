// Chips, card and files of the stand-in for ST's tools (README.md): what the two command lines work on.

import { createHash } from 'node:crypto';
import { type FamilyId, findFamily } from '@firmseal/sfi';

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

const deviceIds: Partial<Record<FamilyId, number>> = {
  u5: 0x482,
  h5: 0x484,
  h7: 0x450,
  l5: 0x472,
  h7rs: 0x485,
};

/** A chip as it comes from ST. */
export function freshChip(family: FamilyId, given: Partial<StandInChip> = {}): StandInChip {
  const { stateField, startStates, productIds, name, turnsTrustZoneOn } = findFamily(family);
  const closed = stateField === 'RDP' ? 0xbb : 0x72;
  return {
    serialNumber: '066BFF01',
    family,
    deviceId: deviceIds[family] ?? 0x400,
    deviceName: name,
    productId: productIds[0] ?? '48202001',
    probe: 'st-link',
    fields: {
      [stateField]: startStates[0]!,
      ...(turnsTrustZoneOn ? { TZEN: 0, nSWBOOT0: 1 } : {}),
      ...(family === 'h5' ? { TZEN: 0xc3, BOOT_UBE: 0xb4 } : {}),
    },
    final: { [stateField]: closed, ...(turnsTrustZoneOn ? { TZEN: 1 } : {}) },
    provisioned: true,
    shut: false,
    installed: false,
    installs: 0,
    faults: [],
    ...given,
  };
}

export const freshWorld = (chips: StandInChip[], given: Partial<World> = {}): World => ({
  toolVersion: '2.20.0',
  chips,
  card: { counter: 10, firmware: 'panel', key: 'key-1', status: 'OPERATIONAL_STATE' },
  imageKey: 'key-1',
  ...given,
});

export const has = (chip: StandInChip, fault: WorldFault): boolean => chip.faults.includes(fault);
