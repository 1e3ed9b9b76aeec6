// Two applications side by side (spec/agent.md section 6): the former one, which is installed, and the
// next one in the following page, which is on trial. The former may always boot. The next one may boot
// once, and again after it confirmed.

import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { makePackage, pattern } from '../../device/agent/test/trusted-site.ts';
import { licenseRequest, packageRequest, recordRequest } from './requests.ts';
import type { Scenario } from './scenario.ts';
import type { Target } from './target.ts';

const formerCounter = 5;
const nextCounter = 7;
/** Writes what an application that runs well writes; the one of the tests stands still. */
function confirm({ line, code }: Target): void {
  const { core } = line.chip.machine.processor;
  const { confirmRegister, confirmWord } = code.constants;
  core.writeUint32(confirmRegister, confirmWord);
  if (core.readUint32(confirmRegister) >>> 0 !== confirmWord) throw new Error('nothing was confirmed');
}

export async function trials(target: Target, installed: ChipSnapshot): Promise<Scenario[]> {
  const { line, slotStart } = target;
  const { judge } = line.chip;
  const chipId = line.chip.chip.id;
  const nextStart = target.secondStart;
  const unitBytes = nextStart - slotStart;
  const [former, next] = [slotStart + 0x100, nextStart + 0x100];
  const from = (snapshot: ChipSnapshot) => {
    judge.restore(snapshot);
    line.chip.powerOn();
  };
  const trial = { securityCounter: nextCounter, interruption: 'trial' } as const;
  const requestsOf = async (...how: Parameters<Target['package']>) => {
    const sealed = await target.package(...how);
    return {
      header: packageRequest(sealed.headerBytes),
      license: licenseRequest(await target.license(sealed)),
      records: sealed.records.map((record, index) => recordRequest(index, record)),
    };
  };

  from(installed);
  const beside = await requestsOf(trial, { seed: 7, address: nextStart });
  const inPlace = await requestsOf(trial, { seed: 8 });
  const later = await requestsOf({ securityCounter: nextCounter + 1 }, { seed: 9 });
  const eight = await makePackage(chipId, {
    core: { entry: nextStart, chips: [chipId], ...trial },
    areas: Array.from({ length: 8 }, (_, i) => ({
      area: { kind: 'firmware', address: nextStart + unitBytes * i, lengthBytes: 256 } as const,
      plaintext: pattern(256, i),
    })),
  });
  const terms = target.after([beside.header, beside.license], () => target.terms());
  const begun = [beside.header, beside.license, beside.records[0]!];
  const half = target.after(begun, () => target.state());
  const done = target.after([...begun, ...beside.records.slice(1)], () => target.state());

  from(installed);
  for (const { type, body } of [...begun, ...beside.records.slice(1)]) line.request(type, body);
  const agent = target.snapshot();
  line.chip.powerOn();
  const trialBegins = target.snapshot(true);
  line.chip.powerOn();
  if (target.glitcher.bootedAt !== next) throw new Error('the application on trial does not boot');
  const tried = target.journal();
  const trying = target.snapshot(true);
  from(trialBegins);
  confirm(target);
  line.chip.reset();
  const confirmed = target.journal();
  if (confirmed === tried) throw new Error('the trial was not confirmed');

  from(agent);
  target.forgeInstalled();
  const forged = target.snapshot(true);
  const onlyFormer = (_: Target, at: number) => at === former;

  const made: (Pick<Scenario, 'name' | 'from'> & Partial<Scenario>)[] = [
    {
      name: 'boot: trial begins',
      from: trialBegins,
      bootsWell: (now, at) => at === former || (at === next && now.journal() === tried),
      bootEndsBad: (now) => ![former, undefined].includes(now.boots()),
    },
    { name: 'boot: trial was not confirmed', from: trying, bootsWell: onlyFormer },
    { name: 'boot: trial forged to installed', from: forged, bootsWell: onlyFormer },
    {
      name: 'boot: trial was confirmed, settled otherwise',
      from: trialBegins,
      before: [confirm],
      bootsWell: (now, at) => at === former || (at === next && now.journal() === confirmed),
      bootEndsBad: (now) => {
        const at = now.boots();
        return ![former, undefined].includes(at) && !(at === next && now.newestCounter() === nextCounter);
      },
    },
    {
      name: 'package while another is on trial',
      from: agent,
      request: later.header,
      refusal: 'trial-undecided',
      after: [later.license, ...later.records],
    },
    {
      name: 'trial where the application stands',
      from: installed,
      request: inPlace.header,
      refusal: 'trial-no-room',
      after: [inPlace.license, ...inPlace.records],
    },
    {
      name: 'trial with more areas than there is room for',
      from: installed,
      request: packageRequest(eight.headerBytes),
      refusal: 'trial-no-room',
    },
    {
      name: 'good license of a trial, taken otherwise',
      from: installed,
      before: [beside.header],
      request: beside.license,
      statusIsNothing: true,
      isBad: (now) => now.phase() === 'records' && now.terms() !== terms,
    },
    {
      name: 'good last record of a trial, with another end',
      from: installed,
      before: begun,
      request: beside.records.at(-1)!,
      statusIsNothing: true,
      isBad: (now) => ![half, done].includes(now.state()),
      // The next one boots once, then the former. A chip that boots nothing is of no use to an attacker.
      endsBad: (now) => {
        const [first, second] = [now.boots(), now.boots()];
        const isElsewhere = [first, second].some((at) => ![former, next, undefined].includes(at));
        return isElsewhere || second === next || now.newestCounter() !== formerCounter;
      },
    },
  ];
  return made.map((one) => ({ before: [], after: [], ...one }));
}
