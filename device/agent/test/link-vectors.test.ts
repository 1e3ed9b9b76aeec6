// The vectors of single messages and of USB control requests against the agent's WebAssembly build. As
// machine code: link-vectors.arm.test.ts.

import { expect, it } from 'vitest';
import { blankLine, type Line, personalizedLine } from './line.ts';
import { messageOutcome, messageVectors, usbOutcome, usbVectors } from './link-vectors.ts';

/** One chip for all cases of a kind, put back to what it was before each. */
async function again(make: () => Promise<Line>) {
  const line = await make();
  const before = line.chip.judge.snapshot();
  return (): Line => {
    line.chip.judge.restore(before);
    line.chip.powerOff();
    line.chip.powerOn();
    return line;
  };
}

it('messages end in the fault of their case', async () => {
  const chips = {
    blank: await again(() => blankLine(messageVectors.chip)),
    personalized: await again(() => personalizedLine(messageVectors.chip, 0)),
  };
  for (const one of messageVectors.cases)
    expect([one.name, messageOutcome(chips[one.lifeCycle](), one)]).toEqual([one.name, one.fault ?? 0]);
});

it('control requests are answered as their case says', async () => {
  const blank = await again(() => blankLine(usbVectors.chip));
  for (const one of usbVectors.cases) {
    const { found, due } = await usbOutcome(blank(), one);
    expect([one.name, found]).toEqual([one.name, due]);
  }
});
