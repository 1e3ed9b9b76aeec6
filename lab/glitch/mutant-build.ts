// The machine code of an agent without one of its defences.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { cached, hashOf, root } from '../../device/agent/toolchain/cache.ts';
import { weakened } from '../../device/agent/toolchain/defences.ts';
import { anchorTargetOf, type Target, targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent } from '../../device/agent/toolchain/thumb.ts';
import type { Mutant } from './mutants.ts';
import { usualChip } from './target.ts';

const agent = join(root, 'device/agent');

/** Sources and headers of the agent, by their paths from `device/agent`. */
function agentTexts(): Map<string, string> {
  const folders = ['anchor', 'core', 'port'].map((folder) => join(agent, folder));
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => join(folder, name)),
  );
  return new Map(paths.map((path) => [relative(agent, path), readFileSync(path, 'utf8')]));
}

/**
 * Throws when no source marks the defence. `isAnchor`: the chip's anchor without it; `target`:
 * another build than the one that ships.
 */
export function mutantBuild({
  without,
  chip = usualChip,
  isAnchor = false,
  target = isAnchor ? anchorTargetOf(chip) : targetOf(chip),
}: Pick<Mutant, 'without' | 'chip'> & { isAnchor?: boolean; target?: Target }): AgentBuild {
  const texts = agentTexts();
  return changedBuild(texts, weakened(texts, without), target);
}

const versionHeader = 'core/fs_version.h';

/** The agent of another version. */
export function buildOfVersion(chip: string, version: number): AgentBuild {
  const texts = agentTexts();
  const text = texts.get(versionHeader)!.replace(/(FS_AGENT_VERSION) \d+u/, `$1 ${version}u`);
  return changedBuild(texts, new Map([[versionHeader, text]]), targetOf(chip));
}

function changedBuild(
  texts: ReadonlyMap<string, string>,
  changed: ReadonlyMap<string, string>,
  target: Target,
): AgentBuild {
  // A header is found beside the sources that include it: they come along.
  const copied = [...changed.keys()].some((name) => name.endsWith('.h'))
    ? new Map([...texts, ...changed])
    : changed;
  const folder = cached(`mutant-${hashOf(...[...copied].flat()).slice(0, 24)}`, (temporary) => {
    for (const [name, text] of copied) {
      mkdirSync(join(temporary, dirname(name)), { recursive: true });
      writeFileSync(join(temporary, name), text);
    }
  });
  const moved = (path: string) => {
    const name = relative(agent, path);
    return copied.has(name) ? join(folder, name) : path;
  };
  const includes = target.includes.map((path) => {
    const name = relative(agent, path);
    return [...copied.keys()].some((one) => dirname(one) === name && one.endsWith('.h'))
      ? join(folder, name)
      : path;
  });
  return buildAgent({ ...target, sources: target.sources.map(moved), includes });
}
