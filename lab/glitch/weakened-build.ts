// What takes a hardening out, and the build without it.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cached, hashOf, headersHash, root } from '../../device/agent/toolchain/cache.ts';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { usualChip } from './target.ts';

export interface Weakening {
  readonly name: string;
  /** Where it shows; the STM32G0B1 without it. */
  readonly chip?: string;
  /** Seen from device/agent/core. */
  readonly file: string;
  /** What stands there, once, and what takes its place. */
  readonly changes: readonly (readonly [string, string])[];
  /** Names of the scenarios of which one shows it: they are attacked in this order. */
  readonly scenarios: readonly string[];
  /** What shows it is executed often, and neither its first nor its last execution counts. */
  readonly withMiddle?: boolean;
  /** No bypass is known without it, or by chance alone; decision 0080 says why it stays. */
  readonly stands?: boolean;
}

/** The agent with that hardening taken out. Throws when the source is not as the weakening expects. */
export function weakenedBuild({ file, changes, chip = usualChip }: Weakening): AgentBuild {
  const core = join(root, 'device/agent/core');
  const weak = join(core, file);
  let source = readFileSync(weak, 'utf8');
  for (const [from, to] of changes) {
    if (source.split(from).length !== 2) throw new Error(`${file} has no single "${from}"`);
    source = source.replace(from, () => to);
  }
  const target = targetOf(chip, 'shipping');
  const isHeader = file.endsWith('.h');
  const name = `weakened-${hashOf(source, isHeader ? headersHash(core) : '').slice(0, 24)}`;
  const folder = cached(name, (temporary) => {
    // A header is found beside the sources that include it: they come along.
    if (isHeader) cpSync(core, temporary, { recursive: true });
    writeFileSync(join(temporary, basename(file)), source);
  });
  const moved = (path: string) => {
    if (isHeader) return path.replace(core, folder);
    return path === weak ? join(folder, basename(file)) : path;
  };
  return buildAgent({
    ...target,
    sources: target.sources.map(moved),
    includes: isHeader ? target.includes.map(moved) : target.includes,
  });
}
