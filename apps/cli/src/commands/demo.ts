// `firmseal demo`: the whole chain on virtual chips and the obvious thefts, with an image
// of the user's or the example.

import { Command } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { readImage } from '@firmseal/image';
import { readAsset } from '../assets.ts';
import { demoConditions } from '../demo/conditions.ts';
import { describeStep, describeSummary } from '../demo/describe.ts';
import { type DemoSummary, runDemo } from '../demo/run-demo.ts';
import { readInput } from '../files.ts';
import { address, examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

const example = 'examples/stm32f427-panel/panel.elf';

/** Everything held, and every attempt had a control that shows that it could have succeeded. */
function isSound(summary: DemoSummary, controls: boolean): boolean {
  const { installed, receiptsVerified, issued, receipts } = summary;
  const counted = [installed, receiptsVerified, issued, receipts].every(
    (count) => count === demoConditions.chips,
  );
  const held =
    summary.quotaRefused &&
    !summary.repeatSpentQuota &&
    summary.plaintextBytesRead === 0 &&
    !summary.interruptedReadable &&
    !summary.interruptedBootable &&
    summary.foreignLicenseRefused &&
    summary.ledgerVerified;
  return counted && held && controls;
}

export const command = (shell: Shell) =>
  new Command()
    .argument('[image]', 'firmware of your own; the example if left out')
    .option('--address <number>', 'address of a raw binary', address)
    .option('--chip <id>', 'kind of chip', 'stm32f427')
    .addHelpText('after', examples('demo', 'demo build/app.elf', 'demo --json'))
    .action(
      runs(shell, async (face, path, options) => {
        const place = options.address === undefined ? {} : { address: options.address };
        const image =
          path === undefined
            ? readImage(readAsset(example), { fileName: example })
            : readImage(readInput(path), { fileName: path, ...place });
        let controls = true;
        const summary = await runDemo({
          image,
          chipId: options.chip,
          conditions: demoConditions,
          tell: (step) => {
            if (step.event === 'attempt') controls &&= step.control;
            face.tell(step, ...describeStep(step));
          },
        });
        face.tell(summary, ...describeSummary(summary, path ?? example));
        if (!isSound(summary, controls)) throw new Fault('demo-unsound');
      }),
    );
