// `firmseal inspect`: everything in a package that is not secret.

import { Command } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { inspectPackage, renderPackageReport } from '@firmseal/seal';
import { readInput } from '../files.ts';
import { examples } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .option('--root <file>', "check signatures against this root's public key")
    .addHelpText('after', examples('inspect panel.seal', 'inspect panel.seal --root root.key.pub --json'))
    .action(
      runs(shell, async (face, path, { root }) => {
        const trust = root === undefined ? {} : { trust: { rootPublicKey: readPublicKey(root) } };
        const report = inspectPackage(nodeCrypto, { file: readInput(path), ...trust });
        face.tell({ event: 'package', ...report }, ...renderPackageReport(report).trimEnd().split('\n'));
        for (const outcome of [report.checks.header, report.checks.records]) {
          if (outcome !== 'ok' && outcome !== 'no-root-key-given') throw new Fault(outcome);
        }
      }),
    );
