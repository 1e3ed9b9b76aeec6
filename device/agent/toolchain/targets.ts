// The machine-code builds of the agent: for each chip one for the core that it has, which ships. And one for
// QEMU: core, cryptography and cortex-m as the F427 ships them, on a board whose RAM stands in for the chip.
// The anchor of a chip is a program of its own.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { agentVectors, type Chip, chipIds, findChip, type Range } from '@firmseal/chips';
import { anchorCore } from './anchor-core.ts';
import type { Arithmetic } from './bearssl.ts';
import { root } from './cache.ts';
import { generatedFolder } from './generated.ts';
import { takesStaged } from './staged.ts';

type BuildKind = 'shipping' | 'qemu' | 'anchor';

export type Target = {
  chip: Chip;
  kind: BuildKind;
  /** gcc's -mcpu. */
  cpu: string;
  arithmetic: Arithmetic;
  /** Where the machine has the program, vectors first, and its RAM. */
  memory: { code: Range; ram: Range };
  sources: string[];
  includes: string[];
};

const agent = join(root, 'device/agent');

interface Shared {
  readonly usart: 'usart-v1' | 'usart-v2';
  /** The kind of OTG core; without one the port has no USB. */
  readonly usb?: UsbCore;
  /** Of port/stm32, apart from those that all chips take. */
  readonly files: readonly string[];
  /** Who takes received bytes: the core, looking for each, or DMA. */
  readonly reception?: 'dma-v1';
  /** Folder of port that chips of one manual share. */
  readonly family?: string;
}
export type UsbCore = 'otg-v1' | 'otg-v2';

const f4 = { usart: 'usart-v1', reception: 'dma-v1', family: 'stm32f4' } as const;
/** F4 parts whose flash has room for an agent with USB. */
const withUsb = { ...f4, usb: 'otg-v1' } as const;

/** What a chip takes of the folders that are not its own. */
const shared: Readonly<Record<string, Shared>> = {
  stm32f427: { ...withUsb, files: ['random'] },
  stm32f405: { ...withUsb, files: ['random', 'boot'] },
  stm32h743: { usart: 'usart-v2', usb: 'otg-v2', files: ['random', 'boot'] },
  stm32f446: { ...f4, files: ['boot'] },
  stm32f411: { ...f4, files: ['boot'] },
  stm32f427xg: { ...withUsb, files: ['random', 'boot'] },
  stm32l476: { usart: 'usart-v2', files: ['random', 'boot', 'flash_ecc'] },
  stm32g0b1: { usart: 'usart-v2', files: ['boot', 'flash_ecc'] },
  stm32u575: { usart: 'usart-v2', files: ['random', 'boot', 'flash_ecc'] },
};

/** Ids of the catalogue's chips for which a port is in the tree. */
export const portedChips = (): string[] => chipIds().filter((id) => shared[id] !== undefined);

/** The OTG core that the port of a chip drives; undefined where it has no USB. */
export const usbCoreOf = (id: string): UsbCore | undefined => shared[id]?.usb;

/** Folders of port that hold the chip's own files: its family's, and one of its id where it needs more. */
export const portFolders = (id: string): string[] =>
  [shared[id]!.family, id].filter(
    (name) => name !== undefined && existsSync(join(agent, 'port', name)),
  ) as string[];

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(agent, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => join(agent, folder, name));

/** Slot A behind its header. */
function agentPlace(chip: Chip): Range {
  const addressStart = agentVectors(chip);
  const { agent: slot } = chip.layout;
  return { addressStart, length: slot.addressStart + slot.length - addressStart };
}

/** The anchor looks for each byte: it has little to receive. */
const polledFolder = (folder: string): string =>
  basename(folder) === 'dma-v1' ? join(agent, 'port/stm32/polled') : folder;

const anchorFiles = (id: string): string[] => shared[id]!.files.filter((name) => name === 'flash_ecc');

/** The anchor of a ported chip. */
export function anchorTargetOf(id: string): Target {
  const shipping = targetOf(id, { usb: 'none' }); // the anchor drives no USB
  const { chip } = shipping;
  return {
    ...shipping,
    kind: 'anchor',
    memory: { code: chip.layout.anchor, ram: chip.ram[0]! },
    sources: [
      ...sourcesIn('anchor'),
      ...sourcesIn('port/cortex-m').filter((path) => !path.endsWith('/main.c')),
      ...sourcesIn('port/cortex-m-anchor'),
      ...sourcesIn('port/stm32-anchor'),
      ...['built_in', 'chip', 'link', 'supply', 'watchdog', ...anchorFiles(id)].map((name) =>
        join(agent, 'port/stm32', `${name}.c`),
      ),
      ...portFolders(id)
        .flatMap((folder) => sourcesIn(`port/${folder}`))
        .filter((path) => !path.endsWith('/boot.c')),
      ...sourcesIn('port/bearssl'),
      ...anchorCore.map((name) => join(agent, 'core', name)),
    ],
    includes: [...shipping.includes.map(polledFolder), join(agent, 'anchor')],
  };
}

/** The driver, and what makes its clock where that is more than a few registers. */
function usbFiles(usb: UsbCore | 'none'): string[] {
  if (usb === 'none') return [];
  return usb === 'otg-v1' ? ['otg/otg_fs', 'otg-v1/crystal'] : ['otg/otg_fs'];
}

/** Files of the core; where an agent has no room for all of them, what stands for them. */
function coreOf(id: string, usb: UsbCore | 'none'): string[] {
  const absent = [...(takesStaged(id) ? [] : ['fs_staged.c']), ...(usb === 'none' ? ['fs_line.c'] : [])];
  return [
    ...sourcesIn('core').filter((path) => !absent.includes(basename(path))),
    ...(takesStaged(id) ? [] : sourcesIn('port/unstaged')),
    ...(usb === 'none' ? sourcesIn('port/stm32/no-usb') : []),
  ];
}

/**
 * The build of a ported chip. `arithmetic`: another than the one that suits the core, to compare.
 * `usb`: another than the one that ships.
 */
export function targetOf(
  id: string,
  { arithmetic, usb = shared[id]!.usb ?? 'none' }: { arithmetic?: Arithmetic; usb?: UsbCore | 'none' } = {},
): Target {
  const chip = findChip(id);
  const { usart, reception, files } = shared[id]!;
  const common = [
    ...['built_in', 'chip', 'entry', 'link', 'listen', 'settings', 'supply', 'watchdog'],
    ...usbFiles(usb),
    ...(reception === undefined ? [] : [`${reception}/reception`]),
    ...files,
  ];
  const cpu = chip.core;
  return {
    chip,
    kind: 'shipping',
    cpu,
    arithmetic: arithmetic ?? (cpu === 'cortex-m0plus' ? 'm15' : 'm31'),
    memory: { code: agentPlace(chip), ram: chip.ram[0]! },
    sources: [
      ...coreOf(id, usb),
      ...sourcesIn('port/bearssl'),
      ...sourcesIn('port/cortex-m'),
      ...common.map((name) => join(agent, 'port/stm32', `${name}.c`)),
      ...portFolders(id).flatMap((folder) => sourcesIn(`port/${folder}`)),
    ],
    includes: [
      ...['core', ...portFolders(id).map((folder) => `port/${folder}`)].map((folder) => join(agent, folder)),
      ...['bearssl', 'cortex-m', 'stm32', `stm32/${usart}`, `stm32/${reception ?? 'polled'}`].map((folder) =>
        join(agent, 'port', folder),
      ),
      ...(usb === 'none' ? ['no-usb'] : ['otg', usb]).map((folder) => join(agent, 'port/stm32', folder)),
      generatedFolder(id),
    ],
  };
}

/**
 * An STM32F427 played by QEMU's board mps2-an386 (port/mps2an386): its flash stands at
 * 0, RAM where the chip has it.
 */
export function qemuTarget(): Target {
  const shipping = targetOf('stm32f427');
  const { code, ram } = shipping.memory;
  const addressStart = code.addressStart - shipping.chip.flash.addressStart;
  return {
    ...shipping,
    kind: 'qemu',
    memory: { code: { ...code, addressStart }, ram },
    sources: [
      ...coreOf(shipping.chip.id, 'none'),
      ...['port/bearssl', 'port/cortex-m', 'port/mps2an386'].flatMap(sourcesIn),
    ],
    includes: [
      ...['core', 'port/mps2an386', 'port/bearssl', 'port/cortex-m'].map((folder) => join(agent, folder)),
      ...['no-usb', 'polled'].map((folder) => join(agent, 'port/stm32', folder)),
      generatedFolder(shipping.chip.id),
    ],
  };
}
