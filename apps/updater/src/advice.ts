// What a fault means to the person who holds the device. The table of errors speaks to owners and lines;
// here each fault that the page can meet belongs to one of a few situations, and words.ts has a sentence
// and a remedy for each situation in both languages.

import { Fault, type FaultCode } from '@firmseal/fault';

const situations = [
  ...(['another-product', 'another-chip', 'no-license', 'license-used-up', 'older-version'] as const),
  ...(['old-agent', 'line-lost', 'no-agent', 'boot-rom', 'in-use', 'not-ready', 'not-fetched'] as const),
  ...(['quota-out', 'halted', 'waits', 'stopped', 'offer-ended', 'not-accepted'] as const),
  ...(['authority-away', 'update-damaged', 'device-changed', 'chip-fault', 'no-storage', 'other'] as const),
] as const;

export type Situation = (typeof situations)[number];

const codes: Readonly<Partial<Record<Situation, readonly FaultCode[]>>> = {
  'another-product': [
    ...(['manifest-product-wrong', 'delegation-product-wrong', 'root-product-wrong'] as const),
    ...(['certificate-product-wrong', 'certificate-signature-invalid'] as const),
  ],
  'another-chip': ['manifest-chip-wrong', 'area-outside-application', 'area-kind-unsupported'],
  'no-license': ['update-license-missing', 'license-device-wrong', 'license-manifest-wrong'],
  'license-used-up': [
    ...(['license-unwraps-exhausted', 'license-nonce-wrong', 'license-counter-floor'] as const),
    'license-expired',
  ],
  'older-version': ['counter-rolled-back'],
  'old-agent': ['agent-too-old'],
  'line-lost': [
    ...(['link-closed', 'link-timeout', 'serial-unplugged', 'usb-device-lost', 'step-timeout'] as const),
    ...(['install-restarts-exhausted', 'install-deadline-exceeded', 'usb-unplugged'] as const),
  ],
  'no-agent': ['chip-silent', 'update-device-missing', 'usb-no-frames', 'dfu-interface-missing'],
  'boot-rom': ['update-boot-rom'],
  'in-use': ['serial-in-use', 'serial-open-failed', 'usb-device-busy'],
  'not-ready': ['chip-not-ready'],
  'not-fetched': ['update-part-missing', 'update-download-failed', 'update-offer-invalid'],
  'quota-out': ['quota-exhausted'],
  halted: ['rollout-halted'],
  waits: ['rollout-waits'],
  stopped: ['issue-stopped'],
  'offer-ended': [
    ...(['job-unknown', 'job-not-approved', 'job-closed', 'job-expired', 'job-package-unknown'] as const),
    ...(['token-refused', 'token-expired', 'token-scope-wrong', 'product-not-served'] as const),
  ],
  'not-accepted': ['job-outcome-refused'],
  'authority-away': [
    ...(['authority-unreachable', 'authority-timeout', 'authority-stopping', 'rate-exceeded'] as const),
    ...(['authority-refused', 'authority-answer-malformed', 'store-busy'] as const),
    ...(['store-full', 'store-failed', 'store-unreachable', 'store-read-only'] as const),
  ],
  'device-changed': ['chip-changed'],
  'chip-fault': [
    'flash-erase-failed',
    'flash-program-failed',
    'journal-failed',
    'recovery-needed',
    'option-bytes-failed',
  ],
  'no-storage': ['journal-write-failed', 'journal-damaged'],
  // Of an authority; the name would put it below.
  other: ['license-unknown'],
};

/** Codes of objects that the update brings along, by how they begin. */
const ofTheUpdate = /^(?:package|record|manifest|delegation|epoch|succession|core|area|license|policy)-/;

/** Of an install that began again and again, the fault that each attempt ended in says what is wrong. */
export function situationOf({ code: given, cause }: Pick<Fault, 'code' | 'cause'>): Situation {
  const code = given === 'install-restarts-exhausted' && cause instanceof Fault ? cause.code : given;
  const found = situations.find((one) => codes[one]?.includes(code));
  return found ?? (ofTheUpdate.test(code) ? 'update-damaged' : 'other');
}
