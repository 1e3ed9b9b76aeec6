// The demo in sentences for people: a step, and the summary.

import type { DemoStep, DemoSummary } from './run-demo.ts';

export function describeStep(step: DemoStep): string[] {
  switch (step.event) {
    case 'sealed':
      return [`sealed: ${step.sizeBytes} bytes, ${step.records} records, for slot "${step.slot}"`];
    case 'personalized':
      return [
        `personalized: ${step.chips} virtual chips, agent written, identity made inside, readout level ${step.level}`,
      ];
    case 'install':
      return [
        `${step.chip}: ${step.outcome === 'pass' ? 'PASS' : 'FAIL'} in ${step.ms} ms, ${step.receiptVerified ? 'receipt verified' : 'NO RECEIPT'}`,
      ];
    case 'attempt':
      return [
        `${step.held ? 'held' : 'BROKEN'}  ${step.name}`,
        `        ${step.said}${step.control ? '' : '  (THE CONTROL FAILED: this attempt proves nothing)'}`,
      ];
    case 'level-1':
      return [];
  }
}

/** `image`: the name of the file that was installed. */
export function describeSummary(summary: DemoSummary, image: string): string[] {
  const { installed, receiptsVerified, issued, receipts, ledgerVerified } = summary;
  return [
    `installed ${installed}, receipts verified ${receiptsVerified}; units issued ${issued}, receipts in the ledger ${receipts}, ledger ${ledgerVerified ? 'verified' : 'CONTRADICTORY'}`,
    '',
    'What ran: the agent (WebAssembly build of the sources in device/agent) on virtual chips; seal, authority, programmer and audit as on a real line.',
    `What did not: the application in ${image}. The chip hands over to it, and that is recorded; its own machine code is not executed.`,
    'What a simulation cannot show: glitching, side channels, defects of a boot ROM, the timing of real silicon.',
    '',
  ];
}
