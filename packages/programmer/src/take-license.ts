// The license of one chip without its install: for packages that another program will download. It walks the
// first states of an install, with the same journal lines, so that a later install of the station knows it.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { InstallContext, InstallSettings, StepTools } from './install-context.ts';
import { installSteps } from './install-steps.ts';

export interface TakenLicense {
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly licenseId: Bytes;
  readonly unitIndex: number;
  /** False when the chip had the unit before; undefined when nobody can tell. */
  readonly newUnit: boolean | undefined;
  /** Encoded; public, since only its chip can open it. */
  readonly bundle: Bytes;
}

export type LicenseSettings = Omit<InstallSettings, 'socketNumber' | 'onEvent'>;

/**
 * Asks the chip in a socket who it is, and the authority for a standing license. Nothing in the chip changes.
 * Throws the faults of link, chip and authority; `job-mode-wrong` takes no unit.
 */
export async function takeLicense(settings: LicenseSettings): Promise<TakenLicense> {
  const { journal, socket, sealed, now, newId, authority } = settings;
  const installId = newId();
  const record: StepTools['record'] = (body) =>
    journal.append({ ...body, socket, installId, time: now().toISOString() });
  let newUnit: boolean | undefined;
  const tools: StepTools = {
    settings: {
      ...{ ...settings, socketNumber: 1, onEvent: () => undefined },
      authority: {
        giveChallenge: (purpose) => authority.giveChallenge(purpose),
        issueLicense: (request) => authority.issueLicense({ ...request, mode: 'standing' }),
        storeReceipt: (delivery) => authority.storeReceipt(delivery),
      },
    },
    emit: (body) => {
      if (body.kind === 'licensed') newUnit = body.newUnit ?? undefined;
    },
    record,
    meet: async () => undefined,
  };
  await record({ kind: 'planned', manifestDigest: toHex(sealed.manifest.digest) });
  let context: InstallContext = {};
  try {
    for (const state of ['opening', 'hello', 'licensing'] as const)
      ({ context } = await installSteps[state](context, tools));
  } finally {
    await context.client?.close();
  }
  const { device } = context.greeting!;
  const { bundle, known } = context.license!;
  const { thumbprint, chipId } = device;
  const { licenseId, unitIndex } = known.terms;
  return { thumbprint, chipId, licenseId, unitIndex, newUnit, bundle };
}
