// The list of builds against the ports of device/agent: a port that is missed here would
// be refused by every command.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { agentChipIds } from '../../../device/agent/toolchain/chip-header.ts';
import { portedChips, portFolders } from '../../../device/agent/toolchain/targets.ts';
import { agentBuilds, agentVersion, requireAgent } from './agent-builds.ts';
import { chipIds, findChip } from './catalogue.ts';

const ports = fileURLToPath(new URL('../../../device/agent/port/', import.meta.url));

it('machine code is listed for the chips that have a port, and for no other', () => {
  const listed = chipIds().filter((id) => agentBuilds(findChip(id)).includes('machine-code'));
  expect(listed.sort()).toEqual(portedChips().sort());
  for (const id of listed)
    expect(
      portFolders(id).flatMap((folder) => globSync(`${ports}${folder}/*.c`)),
      id,
    ).not.toEqual([]);
});

it('WebAssembly is listed for the chips that an agent can be built for, and for no other', () => {
  const listed = chipIds().filter((id) => agentBuilds(findChip(id)).includes('webassembly'));
  expect(listed.sort()).toEqual([...agentChipIds].sort());
});

it('the version is the one that the agent says', () => {
  const header = new URL('../../../device/agent/core/fs_version.h', import.meta.url);
  expect(readFileSync(header, 'utf8')).toContain(`#define FS_AGENT_VERSION ${agentVersion}u\n`);
});

it('a chip without an agent is refused by name', () => {
  expect(() => requireAgent(findChip('stm32h563'))).toThrow(
    expect.objectContaining({ code: 'chip-without-agent', fields: { chip: 'stm32h563' } }),
  );
  expect(() => requireAgent(findChip('stm32f427'))).not.toThrow();
});
