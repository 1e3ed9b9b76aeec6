// A request of plain programming from plan to end: shown with --dry-run, else carried out, with the
// consent that its permanent steps need.

import { type ChipProgrammer, type FlashRequest, planFlash, planTexts, runPlan } from '@firmseal/programming';
import type { Face } from '../face.ts';
import { flashTeller } from './with-programmer.ts';

export interface RequestOptions {
  readonly dryRun?: true | undefined;
  readonly confirmPermanent?: true | undefined;
}

/** Throws the faults of planning and running, `permanent-steps-unconfirmed` among them. */
export async function runRequest(
  face: Face,
  { programmer, request }: { programmer: ChipProgrammer; request: FlashRequest },
  { dryRun, confirmPermanent }: RequestOptions,
): Promise<void> {
  const onEvent = flashTeller(face);
  const plan = await planFlash(programmer, request, onEvent);
  const texts = planTexts(plan);
  if (dryRun === true) {
    const { options, units, permanent } = plan;
    face.tell(
      {
        event: 'plan',
        sectors: units.map(({ unit, action }) => ({ address: unit.addressStart, action })),
        options: options.changes,
        permanent: permanent.map(({ change, because }) => ({ field: change.field, because })),
      },
      ...(texts.length === 0 ? ['nothing to do'] : texts.map((text) => `would: ${text}`)),
    );
    return;
  }
  const consent = confirmPermanent === true ? { consent: { steps: plan.permanent } } : {};
  await runPlan(programmer, plan, { ...consent, onEvent });
  face.tell({ event: 'done' }, texts.length === 0 ? 'nothing to do: the chip holds all of it' : 'done');
}
