// Power cuts while a sold board is taken over (docs/adoption.md): before, in the middle of and after chosen
// operations of flash and option bytes, and again while the chip recovers. Everything is machine code: the
// owner's bootloader and application, the adopter, anchor and agent. After a cut, what starts is the old
// application, or the old bootloader while it writes, or by itself the new agent; and the board ends adopted.

import { equalBytes } from '@firmseal/bytes';
import {
  type ChipSnapshot,
  type CutMoment,
  type Operation,
  SeededRandom,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import {
  adopt,
  answerOf,
  heard,
  partsOf,
  type SoldAt,
  startsAnchor,
  type Way,
} from '../../device/agent/test/sold-board.ts';
import { cutMoments } from './campaign.ts';
import { isEdgeOfRun, watchOperations } from './operations.ts';

export interface AdoptionRun {
  readonly chip: VirtualChip;
  readonly at: SoldAt;
  readonly way: Way;
  readonly image: Uint8Array;
}

/** From where the cuts are made: what stands in the chip when its power comes on. */
export interface Stage {
  readonly name: string;
  readonly from: ChipSnapshot;
  readonly action: () => void;
  /** Whether an old program may start after a cut, or only what ends in the new agent. */
  readonly keepsOld: boolean;
  readonly operations: readonly Operation[];
}

export interface AdoptionReport {
  planned: number;
  fired: number;
  /** How often what started first after a cut was this. */
  readonly started: Map<string, number>;
  readonly violations: string[];
}

export class AdoptionCuts {
  readonly #run: AdoptionRun;
  readonly report: AdoptionReport = { planned: 0, fired: 0, started: new Map(), violations: [] };

  constructor(run: AdoptionRun) {
    this.#run = run;
  }

  /**
   * The stages of a whole adoption: the old program writes the image; the adopter works; and one for each
   * write of option bytes that changed where a reset starts. Every stage begins with a power-on.
   */
  stages(): Stage[] {
    const { chip, at, way, image } = this.#run;
    const whole = () => void adopt(chip, at, way, image);
    const stages: Stage[] = [];
    const add = (name: string, action: () => void, keepsOld: boolean): readonly Operation[] => {
      chip.powerOff();
      const from = chip.judge.snapshot();
      const operations = watchOperations(this.#run.chip, action);
      stages.push({ name, from, action, keepsOld, operations });
      return operations;
    };
    let operations = add('sold', whole, true);
    const options = () => operations.filter(({ kind }) => kind === 'option-bytes');
    let count = options().length;
    while (count > 1) {
      const [first] = options();
      chip.powerOff();
      chip.judge.restore(stages.at(-1)!.from);
      chip.power.plan([{ operation: first!.number, moment: 'after' }]);
      stages.at(-1)!.action();
      operations = add(`after write ${stages.length} of option bytes`, () => chip.powerOn(), false);
      count = options().length;
    }
    return stages;
  }

  #violate(where: string, what: string): void {
    const { at, way } = this.#run;
    this.report.violations.push(`${at.chip.id} by the ${way}, ${where}: ${what}`);
  }

  /**
   * Cuts there, and where `again` is a random generator, once more in what follows. Power is off at the end.
   */
  cut(stage: Stage, operation: Operation, moment: CutMoment, again?: SeededRandom): void {
    const { chip } = this.#run;
    const where = `${stage.name}, ${operation.kind} ${operation.number} at 0x${operation.address.toString(16)} ${moment}`;
    chip.powerOff();
    chip.judge.restore(stage.from, { seed: where });
    this.#suffer(where, { operation, moment }, stage.action);
    if (again !== undefined) {
      const dark = chip.judge.snapshot();
      const recovery = watchOperations(this.#run.chip, () => chip.powerOn());
      if (recovery.length > 0) {
        const second = recovery[again.below(recovery.length)]!;
        chip.powerOff();
        chip.judge.restore(dark, { seed: `${where} again` });
        this.#suffer(
          `${where}, then ${second.kind} ${second.number}`,
          { operation: second, moment: 'torn' },
          () => chip.powerOn(),
        );
      }
      chip.powerOff();
    }
    this.#judge(where, stage);
    chip.powerOff();
  }

  #suffer(where: string, cut: { operation: Operation; moment: CutMoment }, action: () => void): void {
    const { chip } = this.#run;
    const before = chip.power.fired.length;
    chip.power.plan([{ operation: cut.operation.number, moment: cut.moment }]);
    this.report.planned++;
    action();
    this.report.fired += chip.power.fired.length - before;
    if (chip.powered) this.#violate(where, 'the cut did not happen');
  }

  /** What starts when power comes back, and that the board can be adopted from there. */
  #judge(where: string, stage: Stage): void {
    const { chip, at, way, image } = this.#run;
    const said = heard(chip, () => chip.powerOn());
    const first = answerOf(chip, said);
    this.report.started.set(first, (this.report.started.get(first) ?? 0) + 1);
    if (first === 'nobody') this.#violate(where, `nothing starts (${said})`);
    if (first === 'application' || first === 'bootloader') {
      if (!stage.keepsOld) this.#violate(where, `the old ${first} starts again`);
      chip.powerOff();
      adopt(chip, at, way, image);
      if (answerOf(chip, '') !== 'agent') this.#violate(where, 'the board is not adopted afterwards');
    }
    if (!startsAnchor(chip)) this.#violate(where, 'a reset does not start the anchor');
    else if (
      partsOf(at.chip).some(
        ({ address, bytes }) => !equalBytes(chip.judge.flash(address, bytes.length), bytes),
      )
    )
      this.#violate(where, 'the flash holds something else');
  }

  /** Each kind of operation of the first stages, at each moment; the first moment is cut twice. */
  sample(seed: string, stages: number, moments: readonly CutMoment[] = cutMoments): AdoptionReport {
    const random = new SeededRandom(`adoption ${seed}`);
    for (const stage of this.stages().slice(0, stages))
      for (const kind of ['program', 'erase', 'option-bytes'] as const) {
        const some = stage.operations.filter((one) => one.kind === kind);
        for (const [i, moment] of some.length > 0 ? moments.entries() : [])
          this.cut(stage, some[random.below(some.length)]!, moment, i === 0 ? random : undefined);
      }
    return this.report;
  }

  /** Every edge of every stage at every moment, and one in `every` of the programs between. */
  edges(every: number): AdoptionReport {
    for (const stage of this.stages())
      for (const [i, operation] of stage.operations.entries())
        if (isEdgeOfRun(stage.operations, i) || i % every === 0)
          for (const moment of cutMoments) this.cut(stage, operation, moment);
    return this.report;
  }
}
