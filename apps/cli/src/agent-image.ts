// The agent for a kind of chip, as bytes at flash addresses: the WebAssembly build,
// which is what virtual chips run.

import type { Chip } from '@firmseal/chips';
import { type AgentImagePart, agentImage } from '@firmseal/virtual-stm32';
import { readAsset } from './assets.ts';

/** What personalization writes. Throws `asset-missing` for a chip that has no build. */
export function readAgentImage(chip: Chip): readonly AgentImagePart[] {
  return agentImage(readAsset(`device/agent/build/agent-${chip.id}.wasm`), chip);
}
