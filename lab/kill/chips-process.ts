// The chips of a campaign as a process of their own, which no kill touches: virtual chips, personalized as on
// a trusted site, their links on loopback ports. Argument: the seed. Makes chips when it is asked to, and
// drops those of the scenario before.

import type { AddressInfo, Server } from 'node:net';
import { toHex } from '@firmseal/bytes';
import { defaultConditions, personalizeVirtualChip } from '@firmseal/virtual-line';
import { serveLink } from '@firmseal/virtual-stm32';
import { buildAgent } from '../../device/agent/build.ts';
import { CampaignOwner, chipOfCampaign } from './owner.ts';

export interface CampaignChip {
  readonly socket: string;
  readonly thumbprint: string;
}

const [seed] = process.argv.slice(2) as [string];
const chip = chipOfCampaign();
const agentModule = await buildAgent(chip.id);
const { root, deviceCa } = new CampaignOwner(seed);
const site = { chip, rootPublicKey: Uint8Array.from(root.publicKey), deviceCa };
let servers: Server[] = [];

async function makeChips(scenario: string, count: number): Promise<CampaignChip[]> {
  for (const server of servers) server.close();
  servers = [];
  const made: CampaignChip[] = [];
  const conditions = { ...defaultConditions, chipSeed: (index: number) => `${seed}/${scenario}/${index}` };
  for (let index = 0; index < count; index++) {
    const { chip, device } = await personalizeVirtualChip(site, conditions, { index, level: 2, agentModule });
    const server = await serveLink(chip, 0);
    servers.push(server);
    const socket = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
    made.push({ socket, thumbprint: toHex(device.thumbprint) });
  }
  return made;
}

process.on('message', async ({ scenario, count }: { scenario: string; count: number }) => {
  process.send?.({ event: 'chips', chips: await makeChips(scenario, count) });
});
process.once('disconnect', () => process.exit(0));
process.send?.({ event: 'ready' });
