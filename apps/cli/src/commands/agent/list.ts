// `firmseal agent list`: the agents in this installation, with sizes and digests.

import { Command } from '@commander-js/extra-typings';
import { chipIds, findChip } from '@firmseal/chips';
import { agentFiles } from '../../agent-image.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command().addHelpText('after', examples('agent list', 'agent list --json')).action(
    runs(shell, async (face) => {
      for (const chip of chipIds().map((id) => findChip(id))) {
        const files = agentFiles(chip);
        if (files.length === 0)
          face.tell({ event: 'agent', chip: chip.id, build: null }, `${chip.id.padEnd(12)} no agent`);
        for (const { build, sizeBytes, sha256 } of files)
          face.tell(
            { event: 'agent', chip: chip.id, build, sizeBytes, sha256 },
            `${chip.id.padEnd(12)} ${build.padEnd(13)} ${String(sizeBytes).padStart(6)} bytes  sha256 ${sha256}`,
          );
      }
      face.lines(
        '',
        'Machine code is for chips of silicon, and was never tried on one. WebAssembly is for virtual chips only.',
      );
    }),
  );
