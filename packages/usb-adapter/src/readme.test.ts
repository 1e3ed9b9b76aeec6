// README.md's example, on a model of the library.

import { systemClock } from '@firmseal/link';
import { createSuiteDevice } from '@firmseal/usb-device/testing';
import { expect, test } from 'vitest';
import { createModelLibrary } from '../test/model-library.ts';
import { findUsb } from './index.ts';

test('the example', async () => {
  const library = createModelLibrary([{ bus: '001', ports: [4, 2], device: createSuiteDevice() }]);
  const device = await findUsb({ bus: 1, ports: [4, 2] }, systemClock, { load: async () => library });
  await device.open();
  await device.claimInterface(0);
  expect(device.configuration!.interfaces[0]!.claimed).toBe(true);
  await device.close();
});
