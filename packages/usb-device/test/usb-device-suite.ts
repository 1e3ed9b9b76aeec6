// What every USB device behind the seam must do, whatever carries it. Plain cases without a test
// runner, so that they also run inside of a machine that has nothing but Node; a browser's
// USBDevice is held to the same.

import assert from 'node:assert/strict';
import type { UsbControlTransferParameters, UsbDevice } from '../src/index.ts';
import { suiteEndpoints, suiteIds, suiteNames, suiteRequests } from './suite-device.ts';

export interface UsbSuiteBench {
  /** The device of suite-device.ts in a new socket, not opened. */
  plug(): Promise<UsbDevice>;
  /** Takes the device that was plugged last off the bus; absent where a bench cannot. */
  unplug?(): Promise<void>;
}

export interface UsbSuiteCase {
  readonly name: string;
  readonly run: (bench: UsbSuiteBench) => Promise<void>;
  readonly needsUnplug?: true;
}

const vendor = (request: number, value = 0): UsbControlTransferParameters => ({
  ...({ requestType: 'vendor', recipient: 'device' } as const),
  ...{ request, value, index: 0 },
});

const bytesOf = (data: DataView | null | undefined): number[] =>
  data ? [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)] : [];

async function ready({ plug }: UsbSuiteBench): Promise<UsbDevice> {
  const device = await plug();
  await device.open();
  if (device.configuration === null) await device.selectConfiguration(1);
  await device.claimInterface(0);
  return device;
}

/** Fails when the promise neither settles nor is expected to wait any longer. */
async function rejects(promise: Promise<unknown>): Promise<void> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error('it goes on waiting')), 8000).unref(),
  );
  late.catch(() => undefined);
  const outcome = await Promise.race([
    promise.then(
      () => 'done',
      () => 'rejected',
    ),
    late,
  ]);
  assert.equal(outcome, 'rejected');
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 100));

export const usbDeviceCases: readonly UsbSuiteCase[] = [
  {
    name: 'shows ids, settings, names and endpoints once it is open',
    async run(bench) {
      const device = await ready(bench);
      assert.equal(device.vendorId, suiteIds.vendorId);
      assert.equal(device.productId, suiteIds.productId);
      assert.deepEqual(
        [device.deviceVersionMajor, device.deviceVersionMinor, device.deviceVersionSubminor],
        [0x12, 3, 4],
      );
      assert.equal(device.opened, true);
      const [one, ...others] = device.configuration!.interfaces;
      assert.equal(others.length, 0);
      assert.equal(one!.claimed, true);
      assert.deepEqual(
        one!.alternates.map(({ interfaceName }) => interfaceName),
        [...suiteNames],
      );
      assert.deepEqual(
        one!.alternates[1]!.endpoints.map(({ endpointNumber, direction, type, packetSize }) => [
          endpointNumber,
          direction,
          type,
          packetSize,
        ]),
        [1, 2, 3].flatMap((n) => [
          [n, 'out', 'bulk', 64],
          [n, 'in', 'bulk', 64],
        ]),
      );
      await device.close();
      assert.equal(device.opened, false);
    },
  },
  {
    name: 'carries control transfers both ways: all that was asked for, less, and nothing',
    async run(bench) {
      const device = await ready(bench);
      const data = Uint8Array.from({ length: 200 }, (_, i) => 255 - i);
      assert.deepEqual(await device.controlTransferOut(vendor(suiteRequests.keep), data), {
        status: 'ok',
        bytesWritten: 200,
      });
      const back = await device.controlTransferIn(vendor(suiteRequests.keep), 200);
      assert.deepEqual([back.status, bytesOf(back.data)], ['ok', [...data]]);
      const short = await device.controlTransferIn(vendor(suiteRequests.count, 3), 64);
      assert.deepEqual([short.status, bytesOf(short.data)], ['ok', [0, 1, 2]]);
      const none = await device.controlTransferIn(vendor(suiteRequests.count, 0), 64);
      assert.deepEqual([none.status, bytesOf(none.data)], ['ok', []]);
      assert.deepEqual(await device.controlTransferOut(vendor(suiteRequests.keep)), {
        status: 'ok',
        bytesWritten: 0,
      });
      await device.close();
    },
  },
  {
    name: 'makes a result of a refused request, and goes on',
    async run(bench) {
      const device = await ready(bench);
      assert.equal((await device.controlTransferIn(vendor(suiteRequests.refuse), 8)).status, 'stall');
      assert.equal(
        (await device.controlTransferOut(vendor(suiteRequests.refuse), Uint8Array.of(1))).status,
        'stall',
      );
      const after = await device.controlTransferIn(vendor(suiteRequests.count, 1), 8);
      assert.deepEqual(bytesOf(after.data), [0]);
      await device.close();
    },
  },
  {
    name: 'tells the device which setting was selected',
    async run(bench) {
      const device = await ready(bench);
      await device.selectAlternateInterface(0, 1);
      assert.deepEqual(
        bytesOf((await device.controlTransferIn(vendor(suiteRequests.selected), 1)).data),
        [1],
      );
      assert.equal(device.configuration!.interfaces[0]!.alternate.alternateSetting, 1);
      await device.selectAlternateInterface(0, 0);
      assert.deepEqual(
        bytesOf((await device.controlTransferIn(vendor(suiteRequests.selected), 1)).data),
        [0],
      );
      await device.close();
    },
  },
  {
    name: 'carries bulk transfers, short ones and those of several packets',
    async run(bench) {
      const device = await ready(bench);
      for (const sizeBytes of [1, 63, 64, 200]) {
        const data = Uint8Array.from({ length: sizeBytes }, (_, i) => i ^ 0x5a);
        assert.equal((await device.transferOut(suiteEndpoints.echo, data)).status, 'ok');
        const back = await device.transferIn(suiteEndpoints.echo, 256);
        assert.deepEqual([back.status, bytesOf(back.data)], ['ok', [...data]]);
      }
      await device.close();
    },
  },
  {
    name: 'lets a read wait for its data',
    async run(bench) {
      const device = await ready(bench);
      const reading = device.transferIn(suiteEndpoints.echo, 64);
      await settle();
      await device.transferOut(suiteEndpoints.echo, Uint8Array.of(7));
      assert.deepEqual(bytesOf((await reading).data), [7]);
      await device.close();
    },
  },
  {
    name: 'makes a result of an endpoint that refuses, and clears its halt',
    async run(bench) {
      const device = await ready(bench);
      assert.equal((await device.transferIn(suiteEndpoints.refuse, 64)).status, 'stall');
      await device.clearHalt('in', suiteEndpoints.refuse);
      assert.equal((await device.transferIn(suiteEndpoints.refuse, 64)).status, 'stall');
      await device.clearHalt('in', suiteEndpoints.refuse);
      await device.transferOut(suiteEndpoints.echo, Uint8Array.of(1));
      assert.deepEqual(bytesOf((await device.transferIn(suiteEndpoints.echo, 64)).data), [1]);
      await device.close();
    },
  },
  {
    name: 'refuses transfers before it is open, and an interface that does not exist',
    async run(bench) {
      const device = await bench.plug();
      await rejects(device.controlTransferIn(vendor(suiteRequests.count, 1), 1));
      await device.open();
      if (device.configuration === null) await device.selectConfiguration(1);
      await rejects(device.claimInterface(5));
      await device.claimInterface(0);
      await device.close();
      await rejects(device.controlTransferIn(vendor(suiteRequests.count, 1), 1));
    },
  },
  {
    name: 'ends transfers that wait when it is closed',
    async run(bench) {
      const device = await ready(bench);
      const waiting = [
        rejects(device.controlTransferIn(vendor(suiteRequests.silent), 1)),
        rejects(device.transferIn(suiteEndpoints.silent, 64)),
      ];
      await settle();
      await device.close();
      await device.close();
      await Promise.all(waiting);
    },
  },
  {
    name: 'can be opened again after it was closed',
    async run(bench) {
      const device = await ready(bench);
      for (let i = 0; i < 3; i++) {
        await device.close();
        await device.open();
        await device.claimInterface(0);
        assert.deepEqual(
          bytesOf((await device.controlTransferIn(vendor(suiteRequests.count, 2), 8)).data),
          [0, 1],
        );
      }
      await device.close();
    },
  },
  {
    name: 'ends transfers when it leaves the bus, and answers nothing after that',
    needsUnplug: true,
    async run(bench) {
      const device = await ready(bench);
      const waiting = [
        rejects(device.controlTransferIn(vendor(suiteRequests.silent), 1)),
        rejects(device.transferIn(suiteEndpoints.silent, 64)),
      ];
      await settle();
      await bench.unplug!();
      await Promise.all(waiting);
      await rejects(device.controlTransferIn(vendor(suiteRequests.count, 1), 1));
      await device.close();
    },
  },
];
