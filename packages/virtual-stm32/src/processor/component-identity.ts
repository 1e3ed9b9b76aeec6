// Identification registers of a CoreSight component: which part it is and who designed it (IHI 0029, B2.2;
// IHI 0031, D1.2). Part numbers of Arm's components are those of the technical reference manuals of the cores
// (DDI 0484, DDI 0439, DDI 0489, 100230); that ST writes the device id into the table which the access port
// names is known from public listings of `dap info`.

/** Number of a component class: ROM table, CoreSight component, generic IP. */
type ComponentClass = 0x1 | 0x9 | 0xe;

export interface ComponentIdentity {
  readonly designer: 'arm' | 'st';
  readonly part: number;
  readonly class: ComponentClass;
  /** DEVARCH of components of ARMv8-M. */
  readonly architecture?: number;
}

/** JEP106: the bank of the designer and its code, with the bit that says it is JEDEC's. */
const designers = { arm: { bank: 4, code: 0x3b }, st: { bank: 0, code: 0x20 } } as const;

/** Offset in the 4 KiB of the component to value: PIDR0 to 7, CIDR0 to 3. */
export function identityRegisters(identity: ComponentIdentity): Readonly<Record<number, number>> {
  const { bank, code } = designers[identity.designer];
  return {
    4048: bank,
    4064: identity.part & 0xff,
    4068: ((code & 0xf) << 4) | (identity.part >>> 8),
    4072: 8 | (code >>> 4),
    4080: 0x0d,
    4084: identity.class << 4,
    4088: 0x05,
    4092: 0xb1,
    ...(identity.architecture === undefined ? {} : { 4028: identity.architecture }),
  };
}

export interface CoreIdentities {
  /** The core's own table; undefined where the table of the access port lists the components itself (M4). */
  readonly table: ComponentIdentity | undefined;
  readonly control: ComponentIdentity;
  readonly watch: ComponentIdentity;
  readonly breakpoints: ComponentIdentity;
}

const arm = (part: number, componentClass: ComponentClass, architecture?: number): ComponentIdentity => ({
  ...{ designer: 'arm', part, class: componentClass },
  ...(architecture === undefined ? {} : { architecture }),
});

const identities: Readonly<Record<string, CoreIdentities>> = {
  'cortex-m0plus': {
    ...{ table: arm(0x4c0, 1), control: arm(0x008, 0xe), watch: arm(0x00a, 0xe) },
    breakpoints: arm(0x00b, 0xe),
  },
  'cortex-m4': {
    ...{ table: undefined, control: arm(0x00c, 0xe), watch: arm(0x002, 0xe) },
    breakpoints: arm(0x003, 0xe),
  },
  'cortex-m7': {
    ...{ table: arm(0x4c7, 1), control: arm(0x00c, 0xe), watch: arm(0x002, 0xe) },
    breakpoints: arm(0x00e, 0xe),
  },
  'cortex-m33': {
    table: arm(0x4c9, 1),
    control: arm(0xd21, 9, 0x4770_2a04),
    watch: arm(0xd21, 9, 0x4770_1a02),
    breakpoints: arm(0xd21, 9, 0x4770_1a03),
  },
};

/** RangeError for a core that no chip of the catalogue has. */
export function coreIdentities(core: string): CoreIdentities {
  const known = identities[core];
  if (known === undefined) throw new RangeError(`the debug components of ${core} are not known`);
  return known;
}
