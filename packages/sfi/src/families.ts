// The families of chips whose ROM has ST's installer (spec/sfi.md section 5): which parts, the state that an
// install starts from, what must be told to ST's tool, and the states of the chip's life with the ways back.

import { Fault } from '@firmseal/fault';

export type FamilyId = 'h5' | 'h7' | 'h7rs' | 'l4' | 'l5' | 'u3' | 'u5' | 'wba' | 'wl5';

/** A state of the chip's life, as an option byte or ST's tool tells it. */
export interface LifeState {
  readonly value: number;
  readonly name: string;
  readonly allows: string;
  /** Absent where no way leads back. */
  readonly wayBack?: string;
  /** What the way back erases. */
  readonly lost?: string;
  /** Only debug authentication, provisioned before, opens it again. */
  readonly needsDebugAuthentication?: boolean;
}

interface FieldBefore {
  readonly field: string;
  readonly value: number;
  readonly says: string;
  readonly remedy: string;
}

export interface SfiFamily {
  readonly id: FamilyId;
  readonly name: string;
  readonly parts: RegExp;
  /** The option byte that tells the state of the life. */
  readonly stateField: 'PRODUCT_STATE' | 'RDP';
  /** Values of that field from which an install may start. */
  readonly startStates: readonly number[];
  readonly states: readonly LifeState[];
  /** Whether ST's documents ask for an RSSe file (`-rsse`). */
  readonly rsse: boolean;
  /** Words of the connection over SWD. */
  readonly swd: readonly string[];
  /** The installer turns TrustZone on by itself. */
  readonly turnsTrustZoneOn: boolean;
  /** Where the state shows in the option bytes: the register, and the lowest bit of eight. */
  readonly stateRegister: { readonly name: string; readonly lsb: number };
  /** Field and value that must hold before an install. */
  readonly before: readonly FieldBefore[];
  /** First eight characters of a chip's certificate, where they are public. */
  readonly productIds: readonly string[];
  readonly chipFirmware?: string;
  readonly deviceIds: readonly number[];
  readonly orderCodeDecides: boolean;
}

const openToAll = 'everything';

const h5States: readonly LifeState[] = [
  { value: 0xed, name: 'open', allows: openToAll },
  {
    value: 0x17,
    name: 'provisioning',
    allows: 'provisioning files (OBK) and some option bytes; your code does not run',
    wayBack: 'provision debug authentication data, then a full regression by debug authentication',
    lost: 'flash, SRAM and OBK storage',
  },
  {
    value: 0x2e,
    name: 'iROT-provisioned',
    allows: 'non-secure debug and debug authentication; the lowest state that an install may set',
    wayBack: 'full regression by debug authentication',
    lost: 'flash, SRAM and OBK storage',
    needsDebugAuthentication: true,
  },
  {
    value: 0xc6,
    name: 'TZ-closed',
    allows: 'non-secure work only',
    wayBack: 'full regression by debug authentication',
    lost: 'flash, SRAM and OBK storage',
    needsDebugAuthentication: true,
  },
  {
    value: 0x72,
    name: 'closed',
    allows: 'no debug; the chip boots from flash',
    wayBack: 'full regression by debug authentication, or a partial one to TZ-closed with a certificate',
    lost: 'flash, SRAM and OBK storage; a partial one erases the non-secure part',
    needsDebugAuthentication: true,
  },
  { value: 0x5c, name: 'locked', allows: 'nothing but running the firmware' },
];

const h7rsStates: readonly LifeState[] = [
  { value: 0x39, name: 'open', allows: openToAll },
  ...h5States.filter(({ value }) => value === 0x17 || value === 0x72 || value === 0x5c),
];

const trustZoneStates: readonly LifeState[] = [
  { value: 0xaa, name: 'readout level 0', allows: openToAll },
  {
    value: 0x55,
    name: 'readout level 0.5 (with TrustZone)',
    allows: "hotplug connections to the non-secure side, and ST's installer",
    wayBack: 'BOOT0 high, RDP to level 1, then RDP = 0xAA and TZEN = 0 in one write',
    lost: 'all flash',
  },
  {
    value: 0xbb,
    name: 'readout level 1',
    allows: 'no reading of flash from outside',
    wayBack:
      'RDP = 0xAA, and TZEN = 0 in the same write where TrustZone goes too; with the OEM1 key, if one was set',
    lost: 'all flash',
  },
  {
    value: 0xcc,
    name: 'readout level 2',
    allows: 'no debug at all',
    wayBack: 'only with the OEM2 key, if one was set before; else none',
    lost: 'all flash',
  },
];

const plainStates: readonly LifeState[] = [
  { value: 0xaa, name: 'readout level 0', allows: openToAll },
  {
    value: 0xbb,
    name: 'readout level 1',
    allows: 'no reading of flash from outside',
    wayBack: 'RDP = 0xAA',
    lost: 'all flash',
  },
  { value: 0xcc, name: 'readout level 2', allows: 'no debug at all' },
];

const hotplug = ['mode=HOTPLUG'];
const trustZoneFamily: Pick<
  SfiFamily,
  | 'stateField'
  | 'startStates'
  | 'states'
  | 'rsse'
  | 'swd'
  | 'turnsTrustZoneOn'
  | 'stateRegister'
  | 'orderCodeDecides'
> = {
  stateField: 'RDP',
  startStates: [0xaa, 0x55],
  states: trustZoneStates,
  rsse: true,
  swd: hotplug,
  turnsTrustZoneOn: true,
  stateRegister: { name: 'OPT', lsb: 0 },
  orderCodeDecides: false,
};
const trustZoneOffFirst = {
  field: 'TZEN',
  value: 0,
  says: 'AN5054 starts from TZEN = 0; the installer turns TrustZone on itself',
  remedy: 'Set TZEN to 0 and RDP to 0xAA in one write, from level 1; it erases all flash (ST 802238).',
} as const;

export const sfiFamilies: readonly SfiFamily[] = [
  {
    id: 'h5',
    name: 'STM32H5',
    parts: /^STM32H5/,
    stateField: 'PRODUCT_STATE',
    startStates: [0xed],
    states: h5States,
    rsse: true,
    swd: ['mode=hotplug', 'ap=1'],
    turnsTrustZoneOn: false,
    stateRegister: { name: 'OPTS', lsb: 8 },
    before: [],
    productIds: [],
    orderCodeDecides: false,
    chipFirmware: 'SFSP 2.4.0 for external flash; an SFSP of 0.1.1 was too old for any install',
    deviceIds: [0x474, 0x478, 0x484],
  },
  {
    id: 'h7rs',
    name: 'STM32H7R/S',
    parts: /^STM32H7[RS]/,
    stateField: 'PRODUCT_STATE',
    startStates: [0x39],
    states: h7rsStates,
    rsse: true,
    swd: ['mode=hotplug'],
    turnsTrustZoneOn: false,
    stateRegister: { name: 'NVS', lsb: 0 },
    before: [],
    productIds: [],
    chipFirmware: 'SFSP 1.1.0',
    deviceIds: [0x485],
    orderCodeDecides: false,
  },
  {
    id: 'h7',
    name: 'STM32H7',
    parts: /^STM32H7(?:30|33|35|5[0357]|B[03])/,
    stateField: 'RDP',
    startStates: [0xaa],
    states: plainStates,
    rsse: false,
    swd: hotplug,
    turnsTrustZoneOn: false,
    stateRegister: { name: 'OPTS', lsb: 8 },
    before: [],
    productIds: ['45002001'],
    chipFirmware: 'H735: bootloader 9.3',
    deviceIds: [0x450, 0x480, 0x483],
    orderCodeDecides: true,
  },
  {
    id: 'l4',
    name: 'STM32L462',
    parts: /^STM32L462/,
    stateField: 'RDP',
    startStates: [0xaa],
    states: plainStates,
    rsse: false,
    swd: hotplug,
    turnsTrustZoneOn: false,
    stateRegister: { name: 'OPT', lsb: 0 },
    before: [],
    productIds: ['46201002'],
    deviceIds: [0x462],
    orderCodeDecides: true,
  },
  {
    ...trustZoneFamily,
    id: 'l5',
    name: 'STM32L5',
    parts: /^STM32L5/,
    before: [trustZoneOffFirst],
    productIds: ['47201003'],
    deviceIds: [0x472],
  },
  {
    ...trustZoneFamily,
    id: 'u5',
    name: 'STM32U5',
    parts: /^STM32U5/,
    before: [],
    productIds: [],
    deviceIds: [0x455, 0x476, 0x481, 0x482],
  },
  {
    ...trustZoneFamily,
    id: 'u3',
    name: 'STM32U3',
    parts: /^STM32U3/,
    before: [],
    productIds: [],
    deviceIds: [0x454],
  },
  {
    ...trustZoneFamily,
    id: 'wba',
    name: 'STM32WBA',
    parts: /^STM32WBA/,
    before: [],
    productIds: ['49202013'],
    deviceIds: [0x492],
  },
  {
    id: 'wl5',
    name: 'STM32WL5',
    parts: /^STM32WL5/,
    stateField: 'RDP',
    startStates: [0xaa],
    states: plainStates,
    rsse: true,
    swd: hotplug,
    turnsTrustZoneOn: false,
    stateRegister: { name: 'OPT', lsb: 0 },
    before: [],
    productIds: ['49701005'],
    deviceIds: [0x497],
    orderCodeDecides: false,
  },
];

export const findFamily = (id: FamilyId): SfiFamily => sfiFamilies.find((family) => family.id === id)!;

/** The family whose chips have this DBGMCU device id. */
export const familyOfDevice = (deviceId: number): SfiFamily | undefined =>
  sfiFamilies.find(({ deviceIds }) => deviceIds.includes(deviceId));

/**
 * The family of a part (`stm32u575`, `STM32H753ZI`). Throws `sfi-part-without-installer` for any other
 * STM32, and `sfi-part-unknown` for what is no name of a part.
 */
export function familyOfPart(part: string): SfiFamily {
  const name = part.toUpperCase();
  if (!/^STM32[A-Z0-9]{2,16}$/.test(name)) throw new Fault('sfi-part-unknown', { part });
  const family = sfiFamilies.find(({ parts }) => parts.test(name));
  if (family === undefined) throw new Fault('sfi-part-without-installer', { part: name });
  return family;
}

/** The state that a value means: of RDP, every value that is not listed is level 1. */
export function lifeState(family: SfiFamily, value: number): LifeState | undefined {
  const found = family.states.find((state) => state.value === value);
  return (
    found ?? (family.stateField === 'RDP' ? family.states.find((state) => state.value === 0xbb) : undefined)
  );
}
