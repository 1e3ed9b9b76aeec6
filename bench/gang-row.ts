// 200 chips in one process, all in INSTALLING at one instant: what it costs the host.

import { buildAgent } from '../device/agent/build.ts';
import { runGangAtOnce } from '../lab/gang/gang.ts';
import type { BenchRow } from './row.ts';

const chips = 200;
const sizeBytes = 64 * 1024;

export async function gangRow(): Promise<BenchRow> {
  const outcome = await runGangAtOnce({
    count: chips,
    sizeBytes,
    agentModule: await buildAgent('stm32f427'),
  });
  if (outcome.receiptsVerified !== chips || outcome.installingAtOnce !== chips) {
    throw new Error(
      `only ${outcome.receiptsVerified} of ${chips} receipts, ${outcome.installingAtOnce} installing at once`,
    );
  }
  return {
    name: `${chips} virtual chips at once, 64 KiB each`,
    value: outcome.wallMs / 1000,
    unit: 's',
    note: `wall time, host only; all in INSTALLING at one instant, ${outcome.receiptsVerified} receipts verified, ${(chips / (outcome.wallMs / 1000)).toFixed(0)} chips/s`,
  };
}
