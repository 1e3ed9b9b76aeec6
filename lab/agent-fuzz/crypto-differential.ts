// The imported cryptography of the WebAssembly build beside BearSSL's, on the same seeded inputs: keys,
// points, signatures and sealed data, a good half of them changed, many at the edges of their ranges. Both
// have to give the same verdict and bytes.

import { equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { buildNativeRunner, runNative } from '../../device/agent/port/bearssl/test/crypto-builds.ts';
import type { Answer, Request } from '../../device/agent/port/bearssl/test/crypto-requests.ts';
import { wasmRunner } from '../../device/agent/port/bearssl/test/crypto-wasm.ts';
import { differentialCases } from '../../device/agent/port/bearssl/test/differential.ts';
import { order } from '../../device/agent/port/bearssl/test/vector-sources.ts';

const batch = 2000;

export interface CryptoReport {
  readonly runs: number;
  readonly accepted: number;
  /**
   * Valid signatures whose s is high: BearSSL's port takes them, the imported one leaves no work to the core.
   */
  readonly highS: number;
  readonly disagreements: readonly string[];
}

const isHighS = ({ operation, fields }: Request): boolean => {
  if (operation !== 'verify') return false;
  const s = BigInt(`0x${toHex(fields[2]!.subarray(32))}`);
  return s > order / 2n && s < order;
};

/**
 * What differs, as text; signatures are compared by their verdicts alone, since the
 * host's are not deterministic.
 */
function differenceOf(request: Request, bearssl: Answer, imported: Answer): string | undefined {
  const same = bearssl.accepted === imported.accepted && equalBytes(bearssl.bytes, imported.bytes);
  if (same || (isHighS(request) && !imported.accepted)) return undefined;
  const fields = request.fields.map(toHex).join(' ');
  return `${request.operation} ${fields}: BearSSL ${bearssl.accepted}, imported ${imported.accepted}`;
}

/** `runs` inputs against both arithmetics of BearSSL; the same seed gives the same ones. */
export async function runCryptoDifferential(runs: number, seed: string): Promise<CryptoReport> {
  const imported = await wasmRunner(nodeCrypto);
  const runners = (['m15', 'm31'] as const).map((arithmetic) => buildNativeRunner(arithmetic));
  const report = { runs: 0, accepted: 0, highS: 0, disagreements: [] as string[] };
  while (report.runs < runs) {
    const count = Math.min(batch, runs - report.runs);
    const requests = differentialCases(nodeCrypto, `${seed} ${report.runs}`, count).map((one) => one.request);
    const byBearssl = runners.map((runner) => runNative(runner, requests));
    for (const [i, request] of requests.entries()) {
      const theirs = imported(request);
      for (const answers of byBearssl) {
        const difference = differenceOf(request, answers[i]!, theirs);
        if (difference !== undefined) report.disagreements.push(difference);
      }
      if (byBearssl[0]![i]!.accepted) report.accepted++;
      if (byBearssl[0]![i]!.accepted && isHighS(request)) report.highS++;
    }
    report.runs += count;
  }
  return report;
}
