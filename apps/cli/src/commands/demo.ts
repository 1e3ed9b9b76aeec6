// `firmseal demo`: the whole chain on virtual chips and the obvious thefts, with an image
// of the user's or the example.

import { Command } from '@commander-js/extra-typings';
import { type Chip, findChip, requireAgent } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type FirmwareImage, readImage } from '@firmseal/image';
import { readAsset } from '../assets.ts';
import { chipOptionOr } from '../chip-option.ts';
import { demoConditions } from '../demo/conditions.ts';
import { describeStep, describeSummary } from '../demo/describe.ts';
import { exampleImage } from '../demo/example-image.ts';
import { type DemoSummary, runDemo } from '../demo/run-demo.ts';
import { readImageFile } from '../image-file.ts';
import { address, entryOption, examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

const exampleChip = 'stm32f427';
const exampleFile = 'examples/stm32f427-panel/panel.elf';

/** The committed example, which is machine code of the F427; for any other chip an image made for it. */
function readExample(chip: Chip): { image: FirmwareImage; name: string } {
  return chip.id === exampleChip
    ? { image: readImage(readAsset(exampleFile), { fileName: exampleFile }), name: exampleFile }
    : { image: exampleImage(chip), name: `the example image for ${chip.id}` };
}

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
    .argument('[image]', 'your firmware; without it, the example')
    .option('--address <number>', 'address of a raw binary', address)
    .addOption(entryOption())
    .addOption(chipOptionOr('stm32f427'))
    .addHelpText('after', examples('demo', 'demo build/app.elf', 'demo --json'))
    .action(
      runs(shell, async (face, path, options) => {
        const place = options.address === undefined ? {} : { address: options.address };
        const chip = findChip(options.chip);
        requireAgent(chip);
        const { image, name } =
          path === undefined ? readExample(chip) : { image: readImageFile(path, place), name: path };
        let controls = true;
        const summary = await runDemo({
          image,
          chipId: chip.id,
          entry: options.entry,
          conditions: demoConditions,
          tell: (step) => {
            if (step.event === 'attempt') controls &&= step.control;
            face.tell(step, ...describeStep(step));
          },
        });
        face.tell(summary, ...describeSummary(summary, name));
        if (!isSound(summary, controls)) throw new Fault('demo-unsound');
      }),
    );
