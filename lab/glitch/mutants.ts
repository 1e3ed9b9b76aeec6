// Some agents, each with one defence taken out. The campaign must find a bypass in the scenario that is
// named: else it sees too little, or the defence is good for nothing. Defences carry marks in the C
// (device/agent/toolchain/defences.ts); which of them are here, and why no more, is in docs/decisions/0082.
// The loader of the anchor has none of its own: what it takes is checked once more after the
// reset, so that one glitch in the loader starts nothing, whichever defence is taken out of it
// (*anchor: one pass* is that check).

import type { Weakening } from '../../device/agent/toolchain/defences.ts';

export interface Mutant {
  readonly name: string;
  /** Where it shows; the STM32G0B1 without it. */
  readonly chip?: string;
  /** The anchor without it, in scenarios of anchor-scenarios.ts. */
  readonly isAnchor?: true;
  /** The defence, and what stands in its place: C, or nothing. */
  readonly without: Weakening;
  /** Names of the scenarios of which one shows it; they are attacked in this order. */
  readonly scenarios: readonly string[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'package: one pass',
    without: {
      'package-second-pass': 'memcpy(second, first, sizeof second); FS_FLOW_STEP(FS_STEP_PACKAGE);',
    },
    scenarios: ['manifest signature altered'],
  },
  {
    name: 'license: one pass',
    without: {
      'license-second-pass': 'memcpy(second, first, sizeof second); FS_FLOW_STEP(FS_STEP_LICENSE);',
    },
    scenarios: ['license for another device'],
  },
  {
    name: 'record: its hash is looked at once',
    without: { 'record-second-look': 'FS_FLOW_STEP(FS_STEP_RECORD);' },
    scenarios: ['record that leads to another one'],
  },
  {
    name: 'digests: compared once',
    without: { 'digest-second-look': 'FS_FLOW_STEP(FS_STEP_DIGEST);' },
    scenarios: ['last record, flash altered meanwhile'],
  },
  {
    name: 'boot: one decision',
    without: { 'boot-second-decision': 'FS_FLOW_STEP(FS_STEP_BOOT);' },
    scenarios: ['boot: image altered under boot check 2'],
  },
  {
    name: 'journal: one walk',
    without: { 'journal-second-walk': '*firm = before;' },
    scenarios: ['boot: an update was cut, the record of the former firmware still stands'],
  },
  {
    name: 'options: planned once',
    without: { 'options-second-plan': 'second = first;' },
    scenarios: ['license whose option bytes are to be applied first'],
  },
  {
    name: 'no flow word',
    without: {
      'flow-insist': '#define FS_FLOW_INSIST(sum) ((void)0)',
      'flow-bind': '#define FS_FLOW_BIND(value, sum) (value)',
      'flow-key': '(void)key; (void)sum;',
      'flow-answer': '(void)type; return fs_flow;',
    },
    scenarios: ['license for another device'],
  },
  {
    name: 'FS_INSIST looks once',
    without: { 'insist-twice': '' },
    scenarios: [
      'receipt of an install that ended without an application',
      'license with another content key',
      'record out of order',
    ],
  },
  {
    name: 'journal: what was written is not compared',
    without: { 'journal-written-compared': '' },
    scenarios: [
      ...['good license, and power goes behind the first record', 'license opened sixteen times before'],
      ...['good last record, with another end', 'good license, taken otherwise'],
    ],
  },
  {
    name: 'install: its end is not looked at',
    without: {
      'install-end-looked-at': 'if (count == 0 && check_end(count) != FS_OK) return fs_journal_recall();',
    },
    scenarios: ['good last record, with another end', 'good last record of a trial, with another end'],
  },
  {
    name: 'session: the manifest that was accepted is not held to its hash',
    without: { 'session-manifest-hash': '' },
    scenarios: ['good license of a trial, taken otherwise', 'good license, taken otherwise'],
  },
  {
    name: 'trial: the life cycle that it begins from is looked at once',
    chip: 'stm32f427',
    without: { 'trial-life-twice': '' },
    scenarios: ['boot: an update was cut, the record of the former firmware still stands'],
  },
  {
    name: 'license: its data are written where a spoilt pointer leads',
    chip: 'stm32f427',
    without: { 'license-data-here': '' },
    scenarios: ['good license of a trial, taken otherwise'],
  },
  {
    name: 'trial: an install beside an application ends in its place',
    chip: 'stm32f427',
    without: { 'install-not-beside': '' },
    scenarios: ['good last record of a trial, with another end'],
  },
  {
    name: 'trial: what was reverted is reverted again',
    chip: 'stm32f427',
    without: { 'trial-revert-once': '' },
    scenarios: ['boot: trial was not confirmed'],
  },
  {
    name: 'options: their start is written with whatever was read',
    chip: 'stm32f427',
    without: { 'options-start-beside': '' },
    scenarios: ['license whose option bytes are to be applied first'],
  },
  {
    name: 'install: what it was to erase is not looked at in the end',
    chip: 'stm32f427',
    without: { 'install-under-way-gone': '' },
    scenarios: ['good last record, with another end'],
  },
  {
    name: 'install: the floor may be read over the state',
    chip: 'stm32f427',
    without: { 'install-floor-beside': '' },
    scenarios: ['good last record, with another end'],
  },
  {
    name: 'package: a copy of a new root may run into the license digest',
    chip: 'stm32f427',
    without: { 'package-license-kept': 'if (check_trust() != FS_OK) return fs_journal_recall();' },
    scenarios: ['good package with an epoch statement, taken with other terms'],
  },
  {
    name: 'signature: it is not verified',
    without: { 'sign-verified': '(void)key; (void)parts;' },
    scenarios: ['hello, signed otherwise'],
  },
  {
    name: 'frame: a block may have any length',
    chip: 'stm32f427',
    without: { 'frame-block-limit': '' },
    scenarios: ['hello, signed otherwise'],
  },
  {
    name: 'random: the number of the boot is not looked at',
    without: { 'random-boot-number': '(void)looked_at;' },
    scenarios: ['hello, signed otherwise'],
  },
  {
    name: 'anchor: one pass',
    isAnchor: true,
    without: { 'agent-image-second-pass': '*facts = first; FS_FLOW_STEP(FS_STEP_IMAGE);' },
    scenarios: ['anchor: forged agent in both slots', 'anchor: agent below the floor'],
  },
  {
    name: 'agent update: one pass',
    without: { 'agent-image-second-pass': '*facts = first; FS_FLOW_STEP(FS_STEP_IMAGE);' },
    scenarios: ['last record of an agent that a stranger signed'],
  },
];
