// The fixture of a line as a process of its own, which no kill touches: slots with virtual chips,
// personalized as on a trusted site. Arguments: the seed of the campaign, and, for chips whose agent is
// machine code, a name of this fixture. Asked to, it puts the next chip into a slot, takes one out, or says
// what the chips hold; a chip that leaves is asked itself, past the line, how often it was installed.

import { AgentClient } from '@firmseal/agent-client';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { verifyHello } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { seededRandom } from '@firmseal/link/testing';
import {
  defaultConditions,
  type LineChip,
  openChipLink,
  personalizeVirtualChip,
  type VirtualAgent,
} from '@firmseal/virtual-line';
import { readAgentImage } from '../../apps/cli/src/agent-image.ts';
import { buildAgent } from '../../device/agent/build.ts';
import { CampaignOwner, chipOfCampaign } from '../kill/owner.ts';
import { type LineFault, lineFaults, Slot } from './slot.ts';

export interface FixtureQuestion {
  readonly ask: 'open' | 'next' | 'again' | 'remove' | 'counts';
  readonly slot?: number;
  readonly slots?: number;
  /** Part of the messages that a fault hits. */
  readonly faultRate?: number;
  /** Hexadecimal: the package that chips are asked about. */
  readonly manifestDigest?: string;
}

/** What a chip says, signed, when it leaves. */
export interface LeavingChip {
  readonly thumbprint: string;
  readonly holdsPackage: boolean;
  readonly installCount: number;
}

export interface FixtureAnswer {
  readonly places?: readonly string[];
  /** The chip that is in the slot now. */
  readonly thumbprint?: string;
  readonly left?: LeavingChip;
  readonly faults?: Readonly<Record<LineFault, number>>;
  readonly messages?: number;
}

const [seed, machineFixture] = process.argv.slice(2) as [string, string?];
const chip = chipOfCampaign();
const agent: VirtualAgent =
  machineFixture === undefined
    ? { agentModule: await buildAgent(chip.id) }
    : { machineCode: readAgentImage(chip, 'machine-code') };
const chipSeed = `${seed}${machineFixture === undefined ? '' : `/${machineFixture}`}`;
const { root, deviceCa } = new CampaignOwner(seed);
const site = { chip, rootPublicKey: Uint8Array.from(root.publicKey), deviceCa };
const random = seededRandom(
  Number.parseInt(toHex(nodeCrypto.sha256(new TextEncoder().encode(chipSeed))).slice(0, 8), 16),
);
const slots: Slot[] = [];
const inside = new Map<number, LineChip>();
const conditions = { ...defaultConditions, chipSeed: (index: number) => `${chipSeed}/${index}` };
let made = 0;
let faultRate = 0;
let manifestDigest = new Uint8Array(0);

const draw = (): LineFault | undefined =>
  random() < faultRate ? lineFaults[Math.floor(random() * lineFaults.length)] : undefined;

async function askChip({ chip, device }: LineChip): Promise<LeavingChip> {
  const stream = openChipLink(chip);
  const agent = await AgentClient.connect({ stream, clock: systemClock });
  try {
    const challenge = nodeCrypto.randomBytes(32);
    const { hello } = await agent.hello(challenge);
    const said = verifyHello(nodeCrypto, { hello, device, challenge });
    const holdsPackage =
      said.lifeCycle === 'installed' &&
      said.manifestDigest !== undefined &&
      equalBytes(said.manifestDigest, manifestDigest);
    return { thumbprint: toHex(device.thumbprint), holdsPackage, installCount: said.installCount };
  } finally {
    await agent.close();
  }
}

async function leave(slot: number): Promise<LeavingChip | undefined> {
  const left = inside.get(slot);
  slots[slot]!.takeOut();
  inside.delete(slot);
  return left === undefined ? undefined : askChip(left);
}

async function answer(question: FixtureQuestion): Promise<FixtureAnswer> {
  const { ask, slot = 0 } = question;
  if (ask === 'open') {
    faultRate = question.faultRate ?? 0;
    manifestDigest = Uint8Array.from(fromHex(question.manifestDigest ?? ''));
    for (let i = 0; i < (question.slots ?? 0); i++) slots.push(await Slot.open(draw));
    return { places: slots.map(({ place }) => place) };
  }
  if (ask === 'counts') {
    const faults = Object.fromEntries(
      lineFaults.map((name) => [name, slots.reduce((sum, { counts }) => sum + counts[name], 0)]),
    ) as Record<LineFault, number>;
    return { faults, messages: slots.reduce((sum, { messages }) => sum + messages, 0) };
  }
  if (ask === 'again') {
    // Taken out for longer than the line's two looks, and put in again.
    const same = inside.get(slot)!;
    slots[slot]!.takeOut();
    setTimeout(() => slots[slot]!.insert(same.chip), 2500);
    return { thumbprint: toHex(same.device.thumbprint) };
  }
  const left = await leave(slot);
  if (ask === 'remove') return left === undefined ? {} : { left };
  const next = await personalizeVirtualChip(site, conditions, { index: made++, level: 2, ...agent });
  inside.set(slot, next);
  slots[slot]!.insert(next.chip);
  const thumbprint = toHex(next.device.thumbprint);
  return left === undefined ? { thumbprint } : { thumbprint, left };
}

process.on('message', async (question: FixtureQuestion) => process.send?.(await answer(question)));
process.once('disconnect', () => process.exit(0));
process.send?.({ event: 'ready' });
