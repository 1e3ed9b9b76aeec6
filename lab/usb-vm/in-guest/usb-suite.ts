// Runs in the guest: the suite of the USB seam on npm's usb, the adapter's sockets, and a device that is
// pulled out. Argument: how many devices of the suite are plugged in, on ports 1 and up.

import assert from 'node:assert/strict';
import { systemClock } from '@firmseal/link';
import { findUsb, listUsb } from '@firmseal/usb-adapter';
import { usbDeviceCases } from '@firmseal/usb-device/testing';
import { detach, runCase } from './detach.ts';

const plugged = Number(process.argv[2]);

await runCase('sockets are those of the kernel', async () => {
  const listed = await listUsb();
  const suites = listed.filter(({ vendorId, productId }) => vendorId === 0x1209 && productId === 0x0001);
  assert.equal(suites.length, plugged);
  assert.deepEqual(
    suites.map(({ socket: { ports } }) => ports),
    Array.from({ length: plugged }, (_, i) => [i + 1]),
  );
  assert.equal(suites[0]!.productName, 'suite');
});
const bus = (await listUsb()).find(({ vendorId }) => vendorId === 0x1209)!.socket.bus;

await runCase('an empty socket is named', async () => {
  await assert.rejects(findUsb({ bus, ports: [99] }, systemClock), { code: 'usb-not-found' });
});

// A device that never answers a request stays busy with it: each case that asks for
// that has a device of its own.
let next = 2;
for (const { name, run, needsUnplug } of usbDeviceCases) {
  const ownPort = needsUnplug || name.includes('that wait') ? next++ : 1;
  await runCase(name, () =>
    run({
      plug: () => findUsb({ bus, ports: [ownPort] }, systemClock),
      unplug: async () => detach(`1-${ownPort}`),
    }),
  );
}
process.exit(0);
