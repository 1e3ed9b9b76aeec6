// `firmseal audit`: fetches the evidence and checks it here, with keys of the owner's own; the authority's
// verdict on itself is not asked for.

import { existsSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { audit } from '@firmseal/audit';
import { fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { verifyDelegation } from '@firmseal/formats';
import { accessAuthority } from '../authority-access.ts';
import { readInput, readText, writeText } from '../files.ts';
import { authorityOption, examples, productOption, rootKeyOption, tokenOption } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

/** `SIZE HEAD`, as an earlier audit left it. */
function rememberedHead(file: string | undefined) {
  if (file === undefined || !existsSync(file)) return [];
  const [size, head] = readText(file).split(' ');
  return [{ size: Number(size), head: fromHex(head ?? '', file) }];
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(rootKeyOption())
    .addOption(productOption())
    .requiredOption(
      '--device-ca-delegation <file>',
      'delegation of the device CA whose chips may have receipts',
    )
    .option(
      '--remember <file>',
      'head of the log as last seen; kept here, and checked to be still in the log',
    )
    .addHelpText(
      'after',
      examples(
        'audit --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, remember } = options;
        const client = accessAuthority(options);
        const rootPublicKey = readPublicKey(options.rootKey);
        const deviceCa = verifyDelegation(nodeCrypto, readInput(options.deviceCaDelegation), {
          ...{ rootPublicKey, role: 'device-ca', product, epoch: 0 },
        });
        const trust = { product, rootPublicKey, deviceCaKeys: [deviceCa.publicKey] };
        const known = rememberedHead(remember);
        const { findings, jobs, ok, ...result } = await audit(nodeCrypto, client.exportEvidence(), {
          products: new Map([[product, trust]]),
          known,
          nowMs: Date.now(),
        });
        const head = `${result.head.size} ${toHex(result.head.head)}`;
        for (const finding of findings) {
          const { code, subject, detail } = finding;
          face.tell({ event: 'finding', ...finding }, `FINDING ${code}: ${subject}: ${detail}`);
        }
        for (const job of jobs) {
          const counts = Object.entries(job).map(([name, value]) => `${name} ${value}`);
          face.tell({ event: 'job', ...job }, counts.join(', '));
        }
        face.tell(
          { event: 'audit', ok, findings: findings.length, head },
          `log ${head}`,
          ok ? 'audit: no contradiction' : 'audit: FAILED',
        );
        if (!ok) throw new Fault('audit-failed', { count: findings.length });
        if (remember !== undefined) writeText(remember, `${head}\n`);
      }),
    );
