// What the attacker tries, and where the chip must refuse it. Each scenario begins at a reset, repeats what led there, and
// ends with the one request, or the one boot, during which a glitch may hit.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { licenseRequest, packageRequest, type Request, recordRequest, Target } from './target.ts';

export interface Scenario {
  readonly name: string;
  readonly from: ChipSnapshot;
  /** Good requests ahead. */
  readonly before: readonly Request[];
  /** The bad one; without it the boot is what is attacked. */
  readonly request?: Request;
  /** Codes with which it is refused when nothing is hit. */
  readonly refusal?: string;
  /** Good requests that follow in the hope that the install ends well. */
  readonly after: readonly Request[];
}

/** Phases of the session (fs_session.h) that the chip must not get to. */
export const phases = { package: 0x4bb4d22d, records: 0xb44b2dd2, done: 0xd22d4bb4 } as const;

async function messages(target: Target): Promise<Scenario[]> {
  const { line } = target;
  const next = await target.package({ securityCounter: 6 }, { seed: 2 });
  const old = await target.package({ securityCounter: 4 }, { seed: 3 });
  const locked = await target.package({ securityCounter: 6, leastReadoutLevel: 1 });
  const tagged = await target.wronglyTagged();
  const header = packageRequest(next.headerBytes);
  const bundle = await target.license(next);
  const foreign = await target.license(next, new Uint8Array(32).fill(7));
  const records = next.records.map((record, index) => recordRequest(index, record));
  const altered = next.records[0]!.slice();
  altered[40]! ^= 1;
  const from = target.snapshot();
  const rest = (license: Uint8Array) => [licenseRequest(license), ...records];
  const base = { from, before: [], after: [] };
  line.chip.powerOn();
  return [
    {
      ...base,
      name: 'manifest signature altered',
      request: packageRequest(target.alteredManifest(next)),
      refusal: 'manifest-signature-invalid',
      after: rest(bundle),
    },
    {
      ...base,
      name: 'delegation altered',
      request: packageRequest(target.alteredDelegation(next)),
      refusal: 'delegation-signature-invalid',
      after: rest(bundle),
    },
    {
      ...base,
      name: 'counter rolled back',
      request: packageRequest(old.headerBytes),
      refusal: 'counter-rolled-back',
    },
    {
      ...base,
      name: 'readout level too low',
      request: packageRequest(locked.headerBytes),
      refusal: 'readout-level-too-low',
    },
    {
      ...base,
      name: 'license for another device',
      before: [header],
      request: licenseRequest(foreign),
      refusal: 'license-device-wrong',
      after: records,
    },
    {
      ...base,
      name: 'license signature altered',
      before: [header],
      request: licenseRequest(target.alteredLicense(bundle)),
      refusal: 'license-signature-invalid',
      after: records,
    },
    {
      ...base,
      name: 'record with wrong hash',
      before: [header, licenseRequest(bundle)],
      request: recordRequest(0, altered),
      refusal: 'record-hash-wrong',
      after: records.slice(1),
    },
    {
      ...base,
      name: 'record with wrong tag',
      before: [packageRequest(tagged.headerBytes), licenseRequest(await target.license(tagged))],
      request: recordRequest(0, tagged.records[0]!),
      refusal: 'record-tag-wrong',
      after: [recordRequest(1, tagged.records[1]!)],
    },
  ];
}

interface Starts {
  /** Personalized, and nothing installed yet. */
  readonly fresh: ChipSnapshot;
  readonly installed: ChipSnapshot;
}

async function boots(target: Target, { fresh, installed }: Starts): Promise<Scenario[]> {
  const { line } = target;
  const base = { before: [], after: [] };
  const scenarios: Scenario[] = [];
  const note = (name: string) => scenarios.push({ ...base, name, from: target.snapshot(true) });
  const back = (to: ChipSnapshot) => {
    line.chip.judge.restore(to);
    line.chip.powerOn();
  };

  back(installed);
  target.alterRecord();
  note('boot: MAC of the valid record altered');

  // On a chip that had a valid record before, altering the newest one brings that back: no glitch is needed then.
  back(fresh);
  const next = await target.package({ securityCounter: 6 }, { seed: 2 });
  line.request(0x20, next.headerBytes);
  line.request(0x21, await target.license(next));
  line.record(0, next.records[0]!);
  note('boot: journal says installing');

  line.chip.setPin('agent-request', true);
  line.chip.powerOn();
  target.forgeInstalled();
  note('boot: installing forged to installed');

  back(installed);
  const checked = await target.package({ securityCounter: 6, bootCheck: 'digest' }, { seed: 4 });
  await line.install(checked);
  const changedAt = target.slotStart + 0x400;
  const [byte] = line.chip.judge.flash(changedAt, 1);
  target.alterFlash(changedAt, Uint8Array.of(byte! ^ 1));
  note('boot: image altered under boot check 2');
  return scenarios;
}

/** All of them on one chip, and a boot that must succeed, so that not booting means something. `weaken` may alter the agent. */
export async function prepare(
  weaken: (target: Target) => void = () => {},
): Promise<{ target: Target; scenarios: Scenario[]; good: ChipSnapshot }> {
  const target = new Target();
  const { line } = target;
  weaken(target);
  await target.personalize();
  line.hello();
  const fresh = target.snapshot();
  line.chip.powerOn();
  await line.install(await target.package());
  const good = target.snapshot(true);
  const installed = target.snapshot();
  const scenarios = await boots(target, { fresh, installed });
  line.chip.judge.restore(installed);
  line.chip.powerOn();
  scenarios.push(...(await messages(target)));
  return { target, scenarios, good };
}
