// Applications with and without a DFU run-time interface, and what each gets on the bus.

import { systemClock } from '@firmseal/link';
import { enumerate } from '@firmseal/usb-device/testing';
import { expect, test } from 'vitest';
import { askToDetach } from './index.ts';

interface Application {
  readonly protocol: number;
  /** bmAttributes of the functional descriptor. */
  readonly attributes: number;
  readonly atDetach: 'agrees' | 'refuses' | 'leaves';
}

async function ask({ protocol, attributes, atDetach }: Application) {
  const seen: string[] = [];
  const functional = [9, 0x21, attributes, 0xff, 0, 0, 4, 0x10, 1];
  const configuration = [9, 2, 27, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 0xfe, 1, protocol, 0, ...functional];
  const own = [18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, 2, 0, 0, 1, 0, 0, 0, 1];
  const device = await enumerate({
    async control({ requestType, request, value }) {
      if (requestType === 0x21) {
        seen.push(`request ${request}, ${value} ms`);
        if (atDetach === 'leaves') throw new Error('gone');
        return atDetach === 'agrees' ? new Uint8Array(0) : undefined;
      }
      if ((requestType & 0x80) === 0) return new Uint8Array(0);
      const found = { 1: own, 2: configuration, 33: functional }[value >>> 8];
      return found && Uint8Array.from(found);
    },
  });
  device.reset = async () => void seen.push('bus reset');
  const agreed = await askToDetach(device, systemClock);
  return { agreed, seen, opened: device.opened };
}

const detach = 'request 0, 1000 ms';
const runTime = { protocol: 1, attributes: 0x09, atDetach: 'agrees' } as const;

test.each<[string, Partial<Application>, { agreed: boolean; seen: string[] }]>([
  ['that leaves by itself gets no reset', {}, { agreed: true, seen: [detach] }],
  ['that waits for a reset gets one', { attributes: 0x01 }, { agreed: true, seen: [detach, 'bus reset'] }],
  ['that goes before it answers has agreed', { atDetach: 'leaves' }, { agreed: true, seen: [detach] }],
  ['that refuses stays', { attributes: 0x01, atDetach: 'refuses' }, { agreed: false, seen: [detach] }],
  ['in DFU mode is not asked', { protocol: 2 }, { agreed: false, seen: [] }],
])('an application %s', async (_, change, expected) => {
  expect(await ask({ ...runTime, ...change })).toEqual({ ...expected, opened: false });
});
