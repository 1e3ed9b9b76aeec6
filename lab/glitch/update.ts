// The update that most scenarios start from: the next version of the product, without any fault.

import { optionInForce } from './option-bytes.ts';
import { packageRequest, recordRequest } from './requests.ts';
import type { Target } from './target.ts';

/** Package, license and records. */
export async function goodUpdate(target: Target) {
  const optionBytes = [optionInForce(target.line.chip.chip)];
  const sealed = await target.package({ securityCounter: 6, optionBytes }, { seed: 2 });
  const license = await target.license(sealed);
  const records = sealed.records.map((record, index) => recordRequest(index, record));
  return { sealed, header: packageRequest(sealed.headerBytes), license, records };
}

export type Update = Awaited<ReturnType<typeof goodUpdate>>;
