// What an adoption writes into a chip: the adopter of this installation, and the parts of personalization.

import { type AnchorOwner, anchorPart } from '@firmseal/agent-image';
import { adoptableByUpdate, type Chip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readImage } from '@firmseal/image';
import type { ImagePart } from '@firmseal/personalization';
import { readAsset } from '../assets.ts';
import { whatToWrite } from '../personalization/what-to-write.ts';

/** The adopter as it stands in flash, without a plan. Throws `asset-missing`. */
export function adopterCode({ id }: Chip): Uint8Array {
  const name = `device/agent/build/adopter-${id}.hex`;
  return readImage(readAsset(name), { fileName: name }).segments[0]!.bytes;
}

/** Anchor, its data, agent, board settings. Throws the faults of agents, boards and delegations. */
export function partsFor(chip: Chip, board: string | undefined, owner?: AnchorOwner): readonly ImagePart[] {
  const { agentImage } = whatToWrite(chip, 'machine-code', board);
  return [...agentImage, anchorPart(nodeCrypto, agentImage, { chip, owner })];
}

/** For a plan. A chip that no update can take over needs nothing of this installation. */
export const contentFor = (chip: Chip, board: string | undefined, locks: boolean) =>
  adoptableByUpdate(chip)
    ? { adopterBytes: adopterCode(chip).length, parts: partsFor(chip, board), locks }
    : { adopterBytes: 0, parts: [], locks };
