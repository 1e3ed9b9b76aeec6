// Power cuts while an agent is replaced: in the license, in each record, in the reset that starts the new
// one. Whatever is cut, the chip starts an agent, the previous or the new one, and the application stands and
// boots with its counter, its identity and its receipt. WebAssembly builds of agent and anchor.

import { findChip } from '@firmseal/chips';
import { type ChipSnapshot, type CutMoment, type Operation, SeededRandom } from '@firmseal/virtual-stm32';
import { agentPackage } from '../../device/agent/test/agent-package.ts';
import { blankLine, type Line, NoAnswer } from '../../device/agent/test/line.ts';
import {
  ApplicationPlayer,
  applicationPackage,
  twoPlaces,
} from '../../device/agent/test/trial-application.ts';
import { makeLicense, type TestLicense, type TestPackage } from '../../device/agent/test/trusted-site.ts';
import { cutMoments } from './campaign.ts';
import { isEdgeOfRun, watchOperations } from './operations.ts';

export interface CutPoint extends Operation {
  readonly step: string;
  /** An erase, or the first or the last of a run of programs without a gap in address. */
  readonly edge: boolean;
}

export interface AgentUpdateReport {
  planned: number;
  fired: number;
  /** Operations of the update that nothing interrupts. */
  operations: number;
  /** Cuts after which the previous agent ran, and the new one. */
  previous: number;
  renewed: number;
  readonly violations: string[];
}

interface Step {
  readonly name: string;
  readonly send: () => void;
}

const securityCounter = 5;

export class AgentUpdateCuts {
  readonly #line: Line;
  readonly #player: ApplicationPlayer;
  readonly #former: TestPackage;
  readonly #license: TestLicense;
  readonly #thumbprint: Uint8Array;
  readonly #steps: readonly Step[];
  readonly report: AgentUpdateReport = {
    ...{ planned: 0, fired: 0, operations: 0, previous: 0, renewed: 0, violations: [] },
  };

  private constructor(
    line: Line,
    player: ApplicationPlayer,
    application: { former: TestPackage; license: TestLicense },
    steps: readonly Step[],
  ) {
    this.#line = line;
    this.#player = player;
    this.#former = application.former;
    this.#license = application.license;
    this.#thumbprint = line.device!.thumbprint;
    this.#steps = steps;
  }

  /** `agent`: another than that of the sources. */
  static async create(chipId: string, agent?: Uint8Array): Promise<AgentUpdateCuts> {
    const player = new ApplicationPlayer();
    const line = await blankLine(chipId, 'agent update', agent, [player]);
    await line.personalize(1);
    const [place] = twoPlaces(findChip(chipId));
    const former = await applicationPackage(chipId, place, { securityCounter });
    const license = await line.licenseFor(former);
    await line.install(former, license);
    line.chip.setPin('agent-request', true);
    line.chip.reset();
    line.hello();
    const update = await agentPackage(chipId);
    const standing = await makeLicense(update, line.device!);
    const steps = [
      { name: 'package', send: () => line.package(update) },
      { name: 'license', send: () => void line.license(standing) },
      ...update.records.map((record, i) => ({
        name: i === update.records.length - 1 ? 'last record' : 'record',
        send: () => void line.record(i, record),
      })),
      { name: 'start', send: () => line.chip.reset() },
    ];
    return new AgentUpdateCuts(line, player, { former, license }, steps);
  }

  /** Cuts where `chosen` says, so many `times`: what a torn operation leaves is another content each time. */
  run(
    chosen: (point: CutPoint) => boolean,
    moments: readonly CutMoment[] = cutMoments,
    times = 1,
  ): AgentUpdateReport {
    const { chip } = this.#line;
    for (const step of this.#steps) {
      const before = chip.judge.snapshot();
      const points = this.#watch(step);
      const after = chip.judge.snapshot();
      this.report.operations += points.length;
      for (const point of points.filter(chosen))
        for (const moment of moments)
          for (let time = 0; time < times; time++) this.#cut({ step, before, point, moment, time });
      chip.judge.restore(after);
    }
    return this.report;
  }

  #watch({ name, send }: Step): CutPoint[] {
    const seen = watchOperations(this.#line.chip, send);
    return seen.map((one, i) => ({ ...one, step: name, edge: isEdgeOfRun(seen, i) }));
  }

  #cut(cut: {
    readonly step: Step;
    readonly before: ChipSnapshot;
    readonly point: CutPoint;
    readonly moment: CutMoment;
    readonly time: number;
  }): void {
    const { step, before, point, moment, time } = cut;
    const { chip } = this.#line;
    const where = `${step.name}, ${point.kind} ${point.number} at 0x${point.address.toString(16)}, ${moment}`;
    chip.judge.restore(before, { seed: time === 0 ? where : `${where}, ${time}` });
    const fired = chip.power.fired.length;
    chip.power.plan([{ operation: point.number, moment }]);
    this.report.planned++;
    try {
      step.send();
    } catch (cause) {
      if (!(cause instanceof NoAnswer)) this.report.violations.push(`${where}: ${String(cause)}`);
    }
    this.report.fired += chip.power.fired.length - fired;
    chip.power.plan([]);
    chip.powerOn();
    try {
      this.#judge(where);
    } catch (cause) {
      this.report.violations.push(`${where}: ${cause instanceof Error ? cause.name : ''} ${String(cause)}`);
    }
  }

  #judge(where: string): void {
    const line = this.#line;
    const wrong = (what: string) => this.report.violations.push(`${where}: ${what}`);
    const hello = line.hello();
    if (hello.agentVersion === 1) this.report.previous++;
    else if (hello.agentVersion === 2) this.report.renewed++;
    else wrong(`agent version ${hello.agentVersion}`);
    if (hello.lifeCycle !== 'installed') wrong(`life cycle ${hello.lifeCycle}`);
    if (hello.securityCounter !== securityCounter) wrong(`counter ${hello.securityCounter}`);
    if (this.#thumbprint.some((byte, i) => line.device!.thumbprint[i] !== byte)) wrong('another identity');
    const { result } = line.receipt(this.#license, this.#former.manifest, new Uint8Array(32));
    if (result !== 'installed') wrong(`receipt ${result}`);
    // A receipt of the update, exactly when the new agent runs.
    const proven = line.try(0x27, new Uint8Array(0)).status;
    if (proven !== (hello.agentVersion === 2 ? 0 : 'no-receipt')) wrong(`receipt of the agent: ${proven}`);
    this.#player.started.length = 0;
    line.chip.setPin('agent-request', false);
    line.chip.reset();
    if (this.#player.started.length !== 1) wrong('no application boots');
    line.chip.setPin('agent-request', true);
  }
}

/** Erases, the ends of runs, and of what is in between one in `every`. */
export function edgesAndSome(seed: string, every: number): (point: CutPoint) => boolean {
  const random = new SeededRandom(`agent update ${seed}`);
  return ({ kind, edge }) => kind !== 'program' || edge || random.below(every) === 0;
}
