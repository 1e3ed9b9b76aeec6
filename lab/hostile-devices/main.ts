// `npm run lab -- hostile-devices [answers] [seed]`: 1,000,000 malformed descriptors and answers against
// the clients of ROM bootloaders, of agents over USB and of OpenOCD: no hang, no growth, each a typed
// fault. A line a door; a failure names its session.

import { atMost, readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { doors } from './doors.ts';
import { runDoor } from './run-door.ts';

const { wanted, seed } = readCommandLine('npm run lab -- hostile-devices [answers] [seed]', (words) => {
  atMost(words, 2);
  const [answersText = '1000000', seedText = 'devices'] = words;
  return { wanted: wholeNumber(answersText, 'answers'), seed: seedText };
});

const all = Object.entries(doors);
let total = 0;
for (const [door, session] of all) {
  const report = await runDoor({ door, session, seed, answers: Math.ceil(wanted / all.length) });
  const most = [...report.faults].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const faults = most.map(([code, count]) => `${code} ${count}`).join(', ');
  console.log(
    `${door}: ${report.malformed} malformed answers in ${report.sessions} sessions, ${report.succeeded} of them ` +
      `succeeded, the longest took ${report.longestSeconds.toFixed(0)} simulated s; ${faults}`,
  );
  total += report.malformed;
}
console.log(`${total} malformed answers, seed ${seed}: no hang, no growth, each a typed fault`);
