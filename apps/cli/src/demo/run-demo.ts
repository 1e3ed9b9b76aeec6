// The demo: the whole chain once, then the thefts, then the audit. Every field of the summary
// is computed from what happened.

import { audit } from '@firmseal/audit';
import { readEvidence } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { FirmwareImage } from '@firmseal/image';
import type { AcceptedOutcomes } from '@firmseal/license';
import type { InstallEvent, InstallResult } from '@firmseal/programmer';
import {
  createOwner,
  installOnChips,
  type LineChip,
  personalizeVirtualChip,
  type VirtualOwner,
} from '@firmseal/virtual-line';
import {
  dumpControlChip,
  type Scene,
  tryBeyondQuota,
  tryDumps,
  tryForeignLicense,
  tryInterruptions,
  tryRepeat,
} from './attempts.ts';
import type { DemoConditions } from './conditions.ts';

export interface DemoSummary {
  readonly event: 'summary';
  readonly installed: number;
  readonly receiptsVerified: number;
  readonly quotaRefused: boolean;
  readonly repeatSpentQuota: boolean;
  readonly controlBytesRead: number;
  readonly plaintextBytesRead: number;
  readonly interruptedReadable: boolean;
  readonly interruptedBootable: boolean;
  readonly foreignLicenseRefused: boolean;
  readonly issued: number;
  readonly receipts: number;
  readonly ledgerVerified: boolean;
}

export type DemoStep =
  | { readonly event: 'sealed'; readonly sizeBytes: number; readonly records: number; readonly slot: string }
  | { readonly event: 'personalized'; readonly chips: number; readonly level: number }
  | {
      readonly event: 'install';
      readonly chip: string;
      readonly outcome: string;
      readonly ms: number;
      readonly receiptVerified: boolean;
    }
  | {
      readonly event: 'level-1';
      readonly ramBytesAfter: number;
      readonly keysAfter: number;
      readonly ramBytesDuring: number;
      readonly keysDuring: number;
    }
  | {
      readonly event: 'attempt';
      readonly name: string;
      readonly held: boolean;
      readonly control: boolean;
      readonly said: string;
    };

export interface DemoInputs {
  readonly image: FirmwareImage;
  readonly chipId: string;
  /** Where the vector table is linked, for an image that does not begin with it. */
  readonly entry?: number | undefined;
  readonly conditions: DemoConditions;
  readonly tell: (step: DemoStep) => void;
  readonly onInstallEvent?: (event: InstallEvent) => void;
}

/**
 * Chips of the drill: they get licenses of a job of their own, so that the main job counts what was ordered.
 */
const drill = { dumps: 100, interruptions: 101, licenseOwner: 102, licenseThief: 103, open: 104 } as const;

async function auditAll(owner: VirtualOwner, conditions: DemoConditions): Promise<boolean> {
  const { store, products } = owner.authority;
  const lines = conditions.evidence(readEvidence(store, Date.now));
  return (await audit(nodeCrypto, lines, { products })).ok;
}

/** The main job: as many chips at once as were ordered. Counts receipts that were verified at the station. */
async function installOrder(scene: Scene, chips: readonly LineChip[], inputs: DemoInputs) {
  const verified = new Set<string>();
  const results: InstallResult[] = await installOnChips({
    ...scene,
    chips,
    onEvent: (event) => {
      if (event.kind === 'receipt' && event.fresh) verified.add(event.socket);
      inputs.onInstallEvent?.(event);
    },
  });
  for (const { socket, outcome, times } of results) {
    const receiptVerified = verified.has(socket);
    inputs.tell({ event: 'install', chip: socket, outcome, ms: Math.round(times.totalMs), receiptVerified });
  }
  return {
    installed: results.filter(({ outcome }) => outcome === 'pass').length,
    receiptsVerified: verified.size,
  };
}

export async function runDemo(inputs: DemoInputs): Promise<DemoSummary> {
  const owner = await createOwner(inputs.image, inputs.chipId, inputs.conditions, inputs);
  try {
    return await runWith(owner, inputs);
  } finally {
    await owner.end();
  }
}

async function runWith(owner: VirtualOwner, inputs: DemoInputs): Promise<DemoSummary> {
  const { conditions, tell } = inputs;
  const { quota, chips: count, protectedLevel } = conditions;
  const agentModule = conditions.agentModule(owner.chip.id);
  const personalize = (index: number, level: 0 | 1 | 2) =>
    personalizeVirtualChip(owner, conditions, { index, level, agentModule });

  const sealed = await owner.seal(protectedLevel);
  const { recordCount } = sealed.sealed;
  tell({ event: 'sealed', sizeBytes: sealed.file.length, records: recordCount, slot: owner.plan.slot.name });
  // A chip below the level of its tier is refused, unless the owner of the job takes it.
  const below = (level: number): AcceptedOutcomes =>
    level < owner.chip.tier.readoutLevel ? ['UNPROTECTED', 'REPAIRABLE'] : [];
  const job = await owner.openJob(sealed, quota, below(protectedLevel));
  const drillJob = await owner.openJob(sealed, 8, below(protectedLevel));
  const scene: Scene = { owner, conditions, sealed, job };
  const drillScene: Scene = { ...scene, job: drillJob };

  const chips: LineChip[] = [];
  for (let index = 0; index <= count; index++) chips.push(await personalize(index, protectedLevel));
  tell({ event: 'personalized', chips: chips.length, level: protectedLevel });
  const order = await installOrder(scene, chips.slice(0, count), inputs);

  const attempt = (name: string, held: boolean, control: boolean, said: string): void =>
    tell({ event: 'attempt', name, held, control, said });

  const beyond = await tryBeyondQuota(scene, chips[count]!, drillJob);
  attempt(
    'one chip more than the quota',
    beyond.refused,
    beyond.controlInstalled,
    beyond.refused
      ? 'refused; under a job with room the same chip installs'
      : 'the chip beyond the quota was installed',
  );

  const repeat = await tryRepeat(scene, chips[0]!);
  attempt(
    'the same chip again',
    !repeat.spentQuota,
    repeat.installedAgain,
    repeat.spentQuota
      ? 'a further unit of quota was taken'
      : 'two further installs, no further unit of quota',
  );

  const control = dumpControlChip(scene);
  const dumped = await tryDumps(drillScene, await personalize(drill.dumps, protectedLevel));
  attempt(
    `debug-port dump after each of ${dumped.messages} messages, level ${protectedLevel}`,
    dumped.flashBytes + dumped.ramBytesMost === 0,
    dumped.installed && control.bytesRead === control.imageBytes,
    `${dumped.flashBytes} bytes of plaintext from flash, ${dumped.ramBytesMost} from RAM; the open control chip gave ${control.bytesRead} of ${control.imageBytes}`,
  );

  const openSealed = await owner.seal(1);
  const openScene: Scene = {
    ...scene,
    sealed: openSealed,
    job: await owner.openJob(openSealed, 2, below(1)),
  };
  const openChip = await personalize(drill.open, 1);
  const open = await tryDumps(openScene, openChip);
  const during = await tryDumps(openScene, openChip, 'during');
  attempt(
    `the same at level 1, by the owner's override`,
    open.flashBytes + during.flashBytes === 0,
    open.installed && during.installed && control.bytesRead === control.imageBytes,
    `${open.flashBytes + during.flashBytes} bytes from flash. Level 1 leaves RAM open: after a message it held up to ${open.ramBytesMost} bytes of plaintext and ` +
      `${open.secretsMost} keys of the package; while the chip wrote its flash, ${during.ramBytesMost} bytes and ${during.secretsMost} keys`,
  );
  tell({
    event: 'level-1',
    ramBytesAfter: open.ramBytesMost,
    keysAfter: open.secretsMost,
    ramBytesDuring: during.ramBytesMost,
    keysDuring: during.secretsMost,
  });

  const cut = await tryInterruptions(drillScene, await personalize(drill.interruptions, protectedLevel));
  attempt(
    `each of ${cut.messages} messages dropped with all after it, power cut`,
    !cut.bootable && !cut.readable,
    cut.controlBoots,
    `${cut.bootable ? 'AN INTERRUPTED INSTALL BOOTS' : 'nothing boots'}, ${cut.readable ? 'IT CAN BE READ' : 'nothing can be read'}; with no message dropped the chip boots the application`,
  );

  const foreign = await tryForeignLicense(
    drillScene,
    await personalize(drill.licenseOwner, protectedLevel),
    await personalize(drill.licenseThief, protectedLevel),
  );
  attempt(
    "another chip's license",
    foreign.refused,
    foreign.controlInstalled,
    foreign.refused ? 'refused; the chip that it was issued for takes it' : 'THE OTHER CHIP TOOK IT',
  );

  const counts = await owner.authority.store.countJob(job.id);
  return {
    event: 'summary',
    ...order,
    quotaRefused: beyond.refused,
    repeatSpentQuota: repeat.spentQuota,
    controlBytesRead: control.bytesRead,
    plaintextBytesRead: dumped.flashBytes + dumped.ramBytesMost + open.flashBytes + during.flashBytes,
    interruptedReadable: cut.readable,
    interruptedBootable: cut.bootable,
    foreignLicenseRefused: foreign.refused,
    issued: counts.units,
    receipts: counts.installed,
    ledgerVerified: await auditAll(owner, conditions),
  };
}
