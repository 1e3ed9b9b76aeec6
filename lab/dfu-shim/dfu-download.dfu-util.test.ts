// A chip against the real-time clock is never faster than its flash and its announced polls, and the flash
// takes what the catalogue says. How close it comes is measured by the benchmark, on a quiet machine.

import { eraseProgramTimeUs, findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';
import { timeDfuDownload } from './dfu-download.ts';

const usable = hasTool('dfu-util') && hasTool('gcc');
const range = { addressStart: 0x08020000, length: 32 * 1024 };
const request = { chip: 'stm32f427', address: range.addressStart, sizeBytes: range.length };

test.runIf(usable)('one sector of F427 takes the time of its erase and its words', async () => {
  const catalogueMs = eraseProgramTimeUs(findChip('stm32f427'), [range], 'typical') / 1000;
  const real = await timeDfuDownload({ ...request, clock: 'real' });
  expect(real.flashMs / catalogueMs).toBeCloseTo(1, 2);
  expect(real.expectedMs).toBeGreaterThanOrEqual(real.flashMs * 0.99);
  expect(real.wallMs).toBeGreaterThanOrEqual(real.expectedMs * 0.98);
  const free = await timeDfuDownload({ ...request, clock: 'free' });
  expect(free.flashMs).toBe(real.flashMs);
});
