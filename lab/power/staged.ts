// Power cuts while the agent installs a package that the application staged: in the reset that does it, at
// each operation, and once more in the recovery. Whatever is cut, an application boots, the previous or the
// new one and whole; and after one more reset nothing waits any more. A WebAssembly build.

import { equalBytes } from '@firmseal/bytes';
import { type ChipSnapshot, type CutMoment, type Operation, SeededRandom } from '@firmseal/virtual-stm32';
import { again, lastOf, type StagedBench, stagedBench } from '../../device/agent/test/staged-bench.ts';
import { act, asks, resultOf, stage } from '../../device/agent/test/staging-player.ts';
import { cutMoments } from './campaign.ts';

/** One of each kind of flash: words and large units, long words, pages. */
export const stagedChips = ['stm32h743', 'stm32u575', 'stm32f427'] as const;

export type StagedManner = 'resume' | 'erase' | 'trial';

export interface StagedReport {
  planned: number;
  fired: number;
  /** Operations of the reset when nothing interrupts it. */
  operations: number;
  /** Cuts after which the previous application ran in the end, and the new one. */
  previous: number;
  renewed: number;
  readonly violations: string[];
}

export class StagedCuts {
  readonly #bench: StagedBench;
  readonly #manner: StagedManner;
  /** Staged, and not reset yet. */
  readonly #staged: ChipSnapshot;
  readonly #contents: { readonly previous: Uint8Array; readonly renewed: Uint8Array };
  readonly report: StagedReport = {
    ...{ planned: 0, fired: 0, operations: 0, previous: 0, renewed: 0, violations: [] },
  };

  private constructor(bench: StagedBench, manner: StagedManner) {
    this.#bench = bench;
    this.#manner = manner;
    const { line, player, third } = bench;
    const previous = this.#content('previous');
    const file = manner === 'trial' ? bench.trying : bench.replacing;
    act(line, player, (cpu) => stage(cpu, third, file));
    const renewed = this.#content('renewed');
    this.#contents = { previous, renewed };
    again(bench);
    player.next = (cpu) => stage(cpu, third, file);
    line.chip.receive(Uint8Array.of(0));
    this.#staged = line.chip.judge.snapshot();
  }

  static async create(chipId: string, manner: StagedManner): Promise<StagedCuts> {
    const interruption = manner === 'erase' ? 'erase' : 'resume';
    return new StagedCuts(await stagedBench(chipId, { interruption }), manner);
  }

  #placeOf(which: 'previous' | 'renewed'): number {
    return which === 'renewed' && this.#manner === 'trial' ? this.#bench.second : this.#bench.first;
  }

  /** What stands at the place of that application. */
  #content(which: 'previous' | 'renewed'): Uint8Array {
    const { areas } = this.#bench.next.manifest.core;
    return this.#bench.line.chip.judge.flash(this.#placeOf(which), areas[0]!.lengthBytes);
  }

  #operations(action: () => void): Operation[] {
    const { power } = this.#bench.line.chip;
    const seen: Operation[] = [];
    power.onOperation = (operation) => seen.push(operation);
    action();
    power.onOperation = undefined;
    return seen;
  }

  /** One operation in `every`, all erases; and after one cut in `again` another one in the recovery. */
  run({ every, again: second }: { every: number; again: number }, moments = cutMoments): StagedReport {
    const { chip } = this.#bench.line;
    const random = new SeededRandom(`staged ${this.#manner}`);
    chip.judge.restore(this.#staged);
    const operations = this.#operations(() => chip.reset());
    this.report.operations = operations.length;
    for (const operation of operations)
      for (const moment of moments) {
        if (operation.kind === 'program' && random.below(every) > 0) continue;
        const where = `${operation.kind} ${operation.number} at 0x${operation.address.toString(16)}, ${moment}`;
        this.#cut(where, { from: this.#staged, operation, moment }, () => chip.reset());
        const dark = chip.judge.snapshot();
        const recovery = this.#operations(() => chip.powerOn());
        this.#judge(where);
        if (recovery.length === 0 || random.below(second) > 0) continue;
        const next = recovery[random.below(recovery.length)]!;
        const then = `${where}, then ${next.kind} ${next.number}`;
        this.#cut(then, { from: dark, operation: next, moment }, () => chip.powerOn());
        chip.powerOn();
        this.#judge(then);
      }
    return this.report;
  }

  #cut(
    where: string,
    { from, operation, moment }: { from: ChipSnapshot; operation: Operation; moment: CutMoment },
    action: () => void,
  ): void {
    const { chip } = this.#bench.line;
    chip.judge.restore(from, { seed: where });
    const before = chip.power.fired.length;
    chip.power.plan([{ operation: operation.number, moment }]);
    this.report.planned++;
    action();
    this.report.fired += chip.power.fired.length - before;
    chip.power.plan([]);
    if (chip.powered) this.report.violations.push(`${where}: the cut did not happen`);
  }

  #judge(where: string): void {
    const { line, player, third } = this.#bench;
    const wrong = (what: string) => this.report.violations.push(`${where}: ${what}`);
    if (line.chip.bootedApplication === undefined) return void wrong('no application boots');
    this.#judgeContent(wrong);
    line.chip.reset(); // decides a trial
    const { status } = this.#judgeContent(wrong);
    const isNew = status.securityCounter === 8;
    this.report[isNew ? 'renewed' : 'previous']++;
    if (!isNew && this.#manner !== 'trial') wrong('the update is lost');
    player.started.length = 0;
    line.chip.reset();
    if (player.started.length !== 1) wrong('no application boots in the end');
    // A result that was torn is gone with its unit; where that erase was cut as well, with its request.
    if (resultOf(line, third) === undefined && asks(line, third)) wrong('the package waits for ever');
    const after = line.chip.power.operations;
    line.chip.reset();
    if (line.chip.power.operations !== after) wrong('the next reset writes');
  }

  /** The application that runs is the one that its counter and place say, whole. */
  #judgeContent(wrong: (what: string) => void) {
    const last = lastOf(this.#bench);
    const isNew =
      this.#manner === 'trial'
        ? last.address === this.#placeOf('renewed')
        : last.status.securityCounter === 8;
    const which = isNew ? 'renewed' : 'previous';
    if (!equalBytes(this.#content(which), this.#contents[which]))
      wrong(`the ${which} application is not whole`);
    return last;
  }
}
