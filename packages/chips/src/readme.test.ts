// The example of README.md, run as it stands there.

import { expect, test } from 'vitest';
import { eraseProgramTimeUs, findChip, hexAddress, placeImage } from './index.ts';

test('the example of the README', () => {
  const chip = findChip('stm32f427');
  const { slot, segments } = placeImage(chip, [{ address: 0x08000000, length: 262144 }]);
  const stored = segments.map(({ storeAddress, length }) => ({ addressStart: storeAddress, length }));
  const seconds = eraseProgramTimeUs(chip, stored, 'typical') / 1e6;
  expect(`${slot.name} at ${hexAddress(stored[0]!.addressStart)}, ${seconds.toFixed(1)} s`).toBe(
    'bank2 at 0x08100000, 3.6 s',
  );
});
