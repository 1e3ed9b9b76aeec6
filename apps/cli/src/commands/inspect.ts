// `firmseal inspect`: everything in a package that is not secret.

import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { inspectPackage, renderPackageReport } from '@firmseal/seal';
import { readInput } from '../files.ts';
import { readPublicKey } from '../public-key-file.ts';

export async function inspect(path: string, options: { root?: string; json?: boolean }): Promise<number> {
  const trust = options.root === undefined ? {} : { trust: { rootPublicKey: readPublicKey(options.root) } };
  const report = inspectPackage(nodeCrypto, { file: readInput(path), ...trust });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderPackageReport(report));
  for (const outcome of [report.checks.header, report.checks.records]) {
    if (outcome !== 'ok' && outcome !== 'no-root-key-given') throw new Fault(outcome);
  }
  return 0;
}
