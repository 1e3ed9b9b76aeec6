// `firmseal demo [image]`: reads the image (or the example), runs the demo, shows it
// to a person or as JSON lines.

import { Fault } from '@firmseal/fault';
import { type FirmwareImage, readImage } from '@firmseal/image';
import { readAsset } from '../assets.ts';
import { readInput } from '../files.ts';
import { readNumber } from '../numbers.ts';
import { demoConditions } from './conditions.ts';
import { type DemoStep, type DemoSummary, runDemo } from './run-demo.ts';

const example = 'examples/stm32f427-panel/panel.elf';

interface DemoOptions {
  json?: boolean;
  address?: string;
  chip: string;
}

function readDemoImage(path: string | undefined, address: string | undefined): FirmwareImage {
  if (path === undefined) return readImage(readAsset(example), { fileName: example });
  const place =
    address === undefined ? {} : { address: readNumber(address, '--address', { most: 0xffff_ffff }) };
  return readImage(readInput(path), { fileName: path, ...place });
}

function describeStep(step: Exclude<DemoStep, { event: 'level-1' }>): string {
  switch (step.event) {
    case 'sealed':
      return `sealed: ${step.sizeBytes} bytes, ${step.records} records, for slot "${step.slot}"`;
    case 'personalized':
      return `personalized: ${step.chips} virtual chips, agent written, identity made inside, readout level ${step.level}`;
    case 'install':
      return `${step.chip}: ${step.outcome === 'pass' ? 'PASS' : 'FAIL'} in ${step.ms} ms, ${step.receiptVerified ? 'receipt verified' : 'NO RECEIPT'}`;
    case 'attempt':
      return `${step.held ? 'held' : 'BROKEN'}  ${step.name}\n        ${step.said}${step.control ? '' : '  (THE CONTROL FAILED: this attempt proves nothing)'}`;
  }
}

function describeSummary(summary: DemoSummary, image: string): string {
  const { installed, receiptsVerified, issued, receipts, ledgerVerified } = summary;
  return [
    `installed ${installed}, receipts verified ${receiptsVerified}; units issued ${issued}, receipts in the ledger ${receipts}, ledger ${ledgerVerified ? 'verified' : 'CONTRADICTORY'}`,
    '',
    'What ran: the agent (WebAssembly build of the sources in device/agent) on virtual chips; seal, authority, programmer and audit as on a real line.',
    `What did not: the application in ${image}. The chip hands over to it, and that is recorded; its own machine code is not executed.`,
    'What a simulation cannot show: glitching, side channels, defects of a boot ROM, the timing of real silicon.',
    '',
  ].join('\n');
}

/** Everything held, and every attempt had a control that shows that it could have succeeded. */
function isSound(summary: DemoSummary, controls: boolean): boolean {
  const { installed, receiptsVerified, issued, receipts } = summary;
  const order = demoConditions.chips;
  const counted = [installed, receiptsVerified, issued, receipts].every((count) => count === order);
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

export async function demo(path: string | undefined, options: DemoOptions): Promise<number> {
  const image = readDemoImage(path, options.address);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  let controls = true;
  const summary = await runDemo({
    image,
    chipId: options.chip,
    conditions: demoConditions,
    tell: (step) => {
      if (step.event === 'attempt') controls &&= step.control;
      if (options.json) print(JSON.stringify(step));
      else if (step.event !== 'level-1') print(describeStep(step));
    },
  });
  print(options.json ? JSON.stringify(summary) : describeSummary(summary, path ?? example));
  if (!isSound(summary, controls)) throw new Fault('demo-unsound');
  return 0;
}
