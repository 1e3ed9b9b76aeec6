// The agents that this installation carries, as bytes at flash addresses: machine code (Intel HEX), which
// chips of silicon run, and WebAssembly, which virtual chips play.

import { createHash } from 'node:crypto';
import { type AgentBuild, agentBuilds, type Chip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { readImage, type Segment } from '@firmseal/image';
import { agentImage } from '@firmseal/virtual-stm32';
import { hasAsset, readAsset } from './assets.ts';

export const agentBuildNames = ['machine-code', 'webassembly'] as const satisfies readonly AgentBuild[];

const endings = { 'machine-code': 'hex', webassembly: 'wasm' } as const;

const assetOf = (chip: Chip, build: AgentBuild): string =>
  `device/agent/build/agent-${chip.id}.${endings[build]}`;

export interface AgentFile {
  readonly build: AgentBuild;
  readonly sizeBytes: number;
  /** Of the file, in hexadecimal: what `firmseal agent list` prints and a release lists. */
  readonly sha256: string;
}

/** Of the build's file, in hexadecimal, as a release lists it. Throws as readAgentImage. */
export function agentSha256(chip: Chip, build: AgentBuild): string {
  requireBuild(chip, build);
  return createHash('sha256')
    .update(readAsset(assetOf(chip, build)))
    .digest('hex');
}

/** The builds for the chip whose files are in this installation. */
export function agentFiles(chip: Chip): AgentFile[] {
  return agentBuilds(chip)
    .filter((build) => hasAsset(assetOf(chip, build)))
    .map((build) => {
      const sha256 = agentSha256(chip, build);
      const sizeBytes = readAgentImage(chip, build).reduce((sum, { bytes }) => sum + bytes.length, 0);
      return { build, sizeBytes, sha256 };
    });
}

function requireBuild(chip: Chip, build: AgentBuild): void {
  if (!agentBuilds(chip).includes(build))
    throw new Fault('agent-build-missing', { chip: chip.id, build, known: agentBuilds(chip).join(', ') });
}

/** Whole write units; bytes between them that the image does not have are 0xFF, as erased. */
function inWriteUnits({ address, bytes }: Segment, unitBytes: number): Segment {
  const start = address - (address % unitBytes);
  const end = Math.ceil((address + bytes.length) / unitBytes) * unitBytes;
  const whole = new Uint8Array(end - start).fill(0xff);
  whole.set(bytes, address - start);
  return { address: start, bytes: whole };
}

/** What personalization writes. Throws `agent-build-missing`, `asset-missing`. */
export function readAgentImage(chip: Chip, build: AgentBuild): readonly Segment[] {
  requireBuild(chip, build);
  const file = readAsset(assetOf(chip, build));
  if (build === 'webassembly') return agentImage(file, chip) as readonly Segment[];
  const { segments } = readImage(file, { fileName: assetOf(chip, build) });
  return segments.map((segment) => inWriteUnits(segment, chip.write.unitBytes));
}
