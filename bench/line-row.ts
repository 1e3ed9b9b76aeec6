// A line of 24 sockets against one socket, in simulated time: what sockets cost each other by waiting. Model
// chips behind serial lines, an operator who needs five seconds a chip.

import { createModelLine, modelFile } from '@firmseal/line/testing';
import { ModelChip } from '@firmseal/programmer/testing';
import type { BenchRow } from './row.ts';

const sockets = 24;
const chipsPerSocket = 5;
const baud = 921_600;
const operatorMs = 5000;

/** Simulated time until each socket has had its chips, in milliseconds. */
async function shiftMs(count: number): Promise<number> {
  const file = modelFile(count);
  const model = await createModelLine(file, { baud });
  let made = 0;
  const next = (place: string) => model.plugged.set(place, new ModelChip({ name: `${count}/${made++}` }));
  for (const { place } of file.sockets) next(place);
  const line = model.create({
    cycles: chipsPerSocket,
    onEvent: (event) => {
      if (event.kind !== 'line-cycle') return;
      model.plugged.delete(event.place);
      model.clock.after(operatorMs, () => next(event.place));
    },
  });
  const { passed } = await model.run(line);
  if (passed !== count * chipsPerSocket) throw new Error(`only ${passed} passed`);
  return model.clock.nowMs();
}

export async function lineRow(): Promise<BenchRow> {
  const [one, many] = [await shiftMs(1), await shiftMs(sockets)];
  const perHour = (sockets * chipsPerSocket * 3_600_000) / many;
  return {
    name: `line of ${sockets} sockets, ${chipsPerSocket} chips each, against one socket`,
    value: many / 1000,
    unit: 's',
    ratio: many / one,
    limit: 1.1,
    note: `simulated time, host's own not counted; model chips at ${baud} baud, 5 s to change a chip, ${perHour.toFixed(0)} installs an hour`,
  };
}
