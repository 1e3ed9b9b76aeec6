// The thefts that the demo tries, each beside a control that succeeds where the defence is absent,
// so that a defence that only seems to work, or an attack that never worked, shows. Every figure
// comes from what the attempt got.

import { type Bytes, Secret } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { LineAuthority } from '@firmseal/programmer';
import { packageKeys } from '@firmseal/seal';
import {
  createBlankChip,
  installOnChips,
  type LineChip,
  type VirtualJob,
  type VirtualOwner,
  type VirtualPackage,
} from '@firmseal/virtual-line';
import type { DemoConditions } from './conditions.ts';
import { countImageBytes, countRamBytes, countSecrets, driveInstall, dumpChip, indexImage } from './thief.ts';

export interface Scene {
  readonly owner: VirtualOwner;
  readonly conditions: DemoConditions;
  readonly sealed: VirtualPackage;
  readonly job: VirtualJob;
}

/** Firmware as it stands in flash when everything went right. */
const storedImage = ({ plan }: VirtualOwner) =>
  plan.areas.flatMap(({ area, plaintext }) =>
    plaintext === undefined ? [] : [{ address: area.address, bytes: plaintext }],
  );

/** Messages of an install by the thief's programmer: info twice, hello, package, license, the records. */
const messagesBeforeRecords = 5;

/**
 * Message numbers to try: all of them when there are few, else all but the records, and
 * records spread over the package.
 */
function messagesToTry(recordCount: number, most = 40): number[] {
  const all = messagesBeforeRecords + recordCount;
  if (all <= most) return Array.from({ length: all }, (_, i) => i);
  const spread = most - messagesBeforeRecords;
  const records = Array.from({ length: spread }, (_, i) =>
    Math.round((i * (recordCount - 1)) / (spread - 1)),
  );
  return [
    ...Array(messagesBeforeRecords).keys(),
    ...new Set(records.map((record) => messagesBeforeRecords + record)),
  ];
}

/** The chip beyond the quota; the control installs on the same chip under a job that has room. */
export async function tryBeyondQuota(scene: Scene, chip: LineChip, control: VirtualJob) {
  const [beyond] = await installOnChips({ ...scene, chips: [chip] });
  const [allowed] = await installOnChips({ ...scene, job: control, chips: [chip] });
  return {
    refused: beyond?.outcome === 'fail' && beyond.fault.code === 'quota-exhausted',
    controlInstalled: allowed?.outcome === 'pass',
  };
}

/** The same chip again: once by the same command, once with a further license for a new nonce. */
export async function tryRepeat(scene: Scene, chip: LineChip) {
  const unitsBefore = (await scene.owner.authority.store.countJob(scene.job.id)).units;
  const [again] = await installOnChips({ ...scene, chips: [chip] });
  const took = await driveInstall(chip, { sealed: scene.sealed, job: scene.job, watcher: {} });
  const { units } = await scene.owner.authority.store.countJob(scene.job.id);
  return { spentQuota: units !== unitsBefore, repeatPassed: again?.outcome === 'pass', installedAgain: took };
}

/**
 * An ordinary chip, programmed in the ordinary way and left open: what the same dump
 * gets where nothing defends.
 */
export function dumpControlChip({ owner }: Scene) {
  const image = storedImage(owner);
  const chip = createBlankChip(owner.chip.id, 'demo/control');
  chip.powerOn();
  chip.debug.connect();
  const units = owner.chip.flash.eraseUnits;
  for (const { address, bytes } of image) {
    for (const unit of units) {
      const apart =
        unit.addressStart >= address + bytes.length || unit.addressStart + unit.sizeBytes <= address;
      if (!apart) chip.debug.eraseUnit(unit.addressStart);
    }
    chip.debug.programFlash(address, bytes);
  }
  chip.powerOff();
  chip.powerOn();
  const wanted = image.reduce((sum, { bytes }) => sum + bytes.filter((byte) => byte !== 0xff).length, 0);
  return { bytesRead: countImageBytes(dumpChip(chip), image), imageBytes: wanted };
}

export interface DumpFindings {
  messages: number;
  flashBytes: number;
  /** The most that one dump found of the image in RAM. */
  ramBytesMost: number;
  /** The most secrets of the package (content key and what is derived from it) that one dump found in RAM. */
  secretsMost: number;
  /** Whether the same install, with nobody looking, was taken by the same chip afterwards. */
  installed: boolean;
}

/**
 * Content key, what HKDF extracts from it, and the keys of the areas: each of them gives the plaintext away.
 */
function packageSecrets({ sealed, contentKey }: VirtualPackage): Uint8Array[] {
  const { salt, coreDigest, core } = sealed.manifest;
  const keys = packageKeys(nodeCrypto, { contentKey: new Secret(contentKey), salt, coreDigest });
  const extracted = nodeCrypto.hmacSha256(salt, contentKey);
  return [contentKey, extracted, ...core.areas.map((_, ordinal) => keys.areaKey(ordinal))];
}

/**
 * A dump of flash and RAM at every message of an install: after the chip has handled it, or (`during`) at the
 * first change of flash that it causes. Where the debug port answers at all, attaching ends the install
 * (flash faults until power is cycled), so each message gets an install of its own, cut there.
 */
export async function tryDumps(
  scene: Scene,
  chip: LineChip,
  when: 'after' | 'during' = 'after',
): Promise<DumpFindings> {
  const image = storedImage(scene.owner);
  const index = indexImage(image);
  const secrets = packageSecrets(scene.sealed);
  const found: DumpFindings = {
    messages: 0,
    flashBytes: 0,
    ramBytesMost: 0,
    secretsMost: 0,
    installed: false,
  };
  const { power } = chip.chip;
  const look = (): void => {
    power.onOperation = undefined;
    const dump = dumpChip(chip.chip);
    found.flashBytes += countImageBytes(dump, image);
    found.ramBytesMost = Math.max(found.ramBytesMost, countRamBytes(dump, index));
    found.secretsMost = Math.max(found.secretsMost, countSecrets(dump, secrets));
  };
  for (const message of messagesToTry(scene.sealed.sealed.recordCount)) {
    found.messages++;
    await driveInstall(chip, {
      ...scene,
      watcher: {
        pass: (number) => {
          if (when === 'during' && number === message) power.onOperation = look;
          return number <= message;
        },
        handled: (number) => {
          if (when === 'after' && number === message) look();
        },
      },
    });
    power.onOperation = undefined;
    chip.chip.debug.disconnect();
    chip.chip.powerOff();
  }
  found.installed = await driveInstall(chip, { ...scene, watcher: {} });
  return found;
}

/**
 * Each message in turn dropped with all after it, then the power cut: what starts afterwards, and what a dump
 * gets. On a chip without an application first, then over an installed one: there the first record, one in
 * the middle and the last are dropped. The control is the same install with nothing dropped, which boots.
 */
export async function tryInterruptions(scene: Scene, chip: LineChip) {
  const image = storedImage(scene.owner);
  const found = { messages: 0, readable: false, bootable: false, controlBoots: false };
  const startAlone = (): boolean => {
    chip.chip.powerOff();
    chip.chip.setPin('agent-request', false);
    chip.chip.powerOn();
    return chip.chip.bootedApplication !== undefined;
  };
  const look = (): void => {
    found.readable ||= countImageBytes(dumpChip(chip.chip), image) > 0;
    chip.chip.debug.disconnect();
  };
  const cutAt = async (message: number): Promise<void> => {
    found.messages++;
    await driveInstall(chip, { ...scene, watcher: { pass: (number) => number < message } });
    // Before the chip can do anything about it, and after it has started alone.
    look();
    found.bootable ||= startAlone();
    look();
    chip.chip.powerOff();
  };
  const { recordCount } = scene.sealed.sealed;
  for (const message of messagesToTry(recordCount)) await cutAt(message);
  for (const record of [0, recordCount >> 1, recordCount - 1]) {
    await driveInstall(chip, { ...scene, watcher: {} });
    await cutAt(messagesBeforeRecords + record);
  }
  await driveInstall(chip, { ...scene, watcher: {} });
  found.controlBoots = startAlone();
  return found;
}

/** The license of one chip given to another; the control is the first chip, which takes it. */
export async function tryForeignLicense(scene: Scene, owner: LineChip, other: LineChip) {
  let bundle: Awaited<ReturnType<LineAuthority['issueLicense']>> | undefined;
  const [first] = await installOnChips({
    ...scene,
    chips: [owner],
    wrapAuthority: (authority) => ({
      ...authority,
      issueLicense: async (request) => {
        bundle = await authority.issueLicense(request);
        return bundle;
      },
    }),
  });
  const given = bundle;
  const took =
    given !== undefined &&
    (await driveInstall(other, {
      ...scene,
      job: { ...scene.job, line: foreignLine(scene.job, given) },
      watcher: {},
    }));
  return { refused: given !== undefined && !took, controlInstalled: first?.outcome === 'pass' };
}

/** An authority that answers every chip with the same license. */
function foreignLine({ line }: VirtualJob, { bundle }: { bundle: Bytes }): VirtualJob['line'] {
  const issued = { bundle, licenseId: new Uint8Array(16), unitIndex: 0, newUnit: false };
  return { ...line, issueLicense: async () => issued };
}
