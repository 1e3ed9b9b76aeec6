// Everything beside the station as a process of its own: owner, authority on a loopback port, and chips whose
// links are loopback ports. Arguments: a folder for the sealed package, size of the image in bytes, number of
// chips. Says where all of it is; ends with its parent.

import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { nodeCrypto } from '@firmseal/crypto-node';
import { createOwner, defaultConditions, personalizeVirtualChip } from '@firmseal/virtual-line';
import { serveLink } from '@firmseal/virtual-stm32';
import { buildAgent } from '../../device/agent/build.ts';

/** What a station needs to know; keys and ids in hex. */
export interface Site {
  readonly packagePath: string;
  readonly rootPublicKey: string;
  readonly deviceCa: string;
  readonly job: string;
  readonly authority: string;
  readonly token: string;
  readonly ports: readonly number[];
}

const chipId = 'stm32f427';
const address = 0x0800_0000;
const [folder, size, count] = process.argv.slice(2) as [string, string, string];
const bytes = withVectorTable(findChip(chipId), address, nodeCrypto.randomBytes(Number(size)));
const image = { format: 'bin' as const, segments: [{ address, bytes }], notes: [] };
const owner = await createOwner(image, chipId, defaultConditions);
const agentModule = await buildAgent(chipId);
const sealed = await owner.seal(2);
const job = await owner.openJob(sealed, Number(count));
const ports: number[] = [];
for (let index = 0; index < Number(count); index++) {
  const { chip } = await personalizeVirtualChip(owner, defaultConditions, { index, level: 2, agentModule });
  ports.push(((await serveLink(chip, 0)).address() as AddressInfo).port);
}
const packagePath = join(folder, 'package.seal');
writeFileSync(packagePath, sealed.file);
const site: Site = {
  packagePath,
  rootPublicKey: toHex(owner.rootPublicKey),
  deviceCa: toHex(owner.deviceCa.publicKey),
  job: job.name,
  authority: job.access.address,
  token: new TextDecoder().decode(job.access.token.expose()),
  ports,
};
process.once('disconnect', () => owner.end().finally(() => process.exit(0)));
process.send?.(site);
