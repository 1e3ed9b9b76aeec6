// Under which conditions the demo runs. The command takes the defaults; a test changes one at a time, takes a
// defence away with it, and looks whether the summary tells.

import { defaultConditions, type LineConditions } from '@firmseal/virtual-line';
import { readAsset } from '../assets.ts';

export interface DemoConditions extends LineConditions {
  readonly quota: number;
  /** Chips that get the firmware; one more tries beyond the quota. */
  readonly chips: number;
  /** Final readout protection of the chips that the thief attacks. */
  readonly protectedLevel: 0 | 1 | 2;
  /** The agent's module for a kind of chip. */
  readonly agentModule: (chipId: string) => Uint8Array;
}

export const demoConditions: DemoConditions = {
  ...defaultConditions,
  quota: 4,
  chips: 4,
  protectedLevel: 2,
  agentModule: (chipId) => readAsset(`device/agent/build/agent-${chipId}.wasm`),
};
