// The life of a chip: power, resets, firmware, hand-over, boot sources; and that nothing but what the
// firmware did wrong itself ever reaches who sends the bytes.

import { withOptionField } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { marker, testFirmware } from '../../test/firmware.ts';
import type { CpuPort } from '../firmware/executor.ts';
import { type CreateOptions, createVirtualChip } from './factory.ts';
import type { ChipEvent } from './options.ts';
import type { VirtualChip } from './virtual-chip.ts';

type Actions = Parameters<typeof testFirmware>[0];

function programMarker(chip: VirtualChip, ...addresses: number[]): void {
  chip.powerOn();
  chip.debug.connect();
  const start = new Uint8Array(32).fill(0xff);
  start.set(marker);
  for (const address of addresses) expect(chip.debug.programFlash(address, start)).toBe('ok');
  chip.powerOff();
}

function withFirmware(actions: Actions, options: Partial<CreateOptions> = {}) {
  const events: ChipEvent[] = [];
  const link: number[] = [];
  const chip = createVirtualChip({
    ...{ chip: 'stm32f427', seed: 'life', executors: [testFirmware(actions)] },
    ...options,
  });
  programMarker(chip, 0x08000000, 0x08100000);
  chip.onEvent = (event) => events.push(event);
  chip.onLink = (bytes) => link.push(...bytes);
  return { chip, events, link };
}

const app = 0x08020000;

test('without power, and without firmware, bytes are lost', () => {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'blank' });
  chip.receive(Uint8Array.of(1));
  expect(chip.powered).toBe(false);
  const events: ChipEvent[] = [];
  chip.onEvent = (event) => events.push(event);
  chip.powerOn();
  chip.receive(Uint8Array.of(1));
  expect(events).toEqual([
    { kind: 'started', cause: 'power-on', from: 'flash' },
    { kind: 'no-firmware', address: 0x08000000 },
  ]);
});

test('power lost in the middle of an operation ends the firmware; the sender learns it from an event', () => {
  let stops = 0;
  const { chip, events, link } = withFirmware({
    receive: (cpu) => {
      cpu.programUnit(app, Uint8Array.of(0, 0, 0, 0));
      cpu.send(Uint8Array.of(1));
    },
    stop: () => stops++,
  });
  chip.powerOn();
  const cut = { operation: chip.power.operations + 1, moment: 'after' } as const;
  chip.power.plan([cut]);
  chip.receive(Uint8Array.of(1));
  expect(chip.power.fired).toEqual([cut]);
  expect(events.at(-1)).toEqual({ kind: 'power-lost', operations: cut.operation, cut });
  expect([chip.powered, chip.running, stops, link]).toEqual([false, false, 1, []]);
  expect(chip.judge.flash(app, 4)).toEqual(new Uint8Array(4));
  chip.powerOn();
  chip.receive(Uint8Array.of(1));
  expect(link).toEqual([1]);
});

test('power taken away by an observer in the middle counts as lost before that operation', () => {
  const { chip, events } = withFirmware({
    receive: (cpu) => {
      cpu.programUnit(app, Uint8Array.of(0, 0, 0, 0));
    },
  });
  chip.powerOn();
  chip.power.onOperation = () => chip.powerOff();
  chip.receive(Uint8Array.of(1));
  expect(events.at(-1)).toMatchObject({ kind: 'power-lost', cut: undefined });
  expect(chip.judge.flash(app, 4)).toEqual(new Uint8Array(4).fill(0xff));
});

test('a reset pulled by an observer in the middle restarts the firmware', () => {
  const causes: string[] = [];
  const { chip } = withFirmware({
    start: (cpu) => causes.push(cpu.resetCause),
    receive: (cpu) => {
      cpu.eraseUnit(app);
      causes.push('never');
    },
  });
  chip.powerOn();
  chip.power.onOperation = () => chip.reset();
  chip.receive(Uint8Array.of(1));
  expect(causes).toEqual(['power-on', 'pin']);
});

test('RAM outlives a reset and not the loss of power; a mounted store is the RAM', () => {
  const stores: Uint8Array[] = [];
  const before: unknown[] = [];
  const { chip } = withFirmware({
    start: (cpu) => {
      before.push(cpu.readRam(0x20000000, 4));
      const store = new Uint8Array(65536);
      stores.push(store);
      cpu.mountRam(0x20000000, () => store);
      store.set([0xca, 0xfe, 0xba, 0xbe]);
    },
    receive: (cpu) => cpu.systemReset(),
  });
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.readMemory(0x20000000, 4)).toEqual(Uint8Array.of(0xca, 0xfe, 0xba, 0xbe));
  expect(chip.debug.writeMemory(0x2000fffe, Uint8Array.of(1, 2, 3, 4))).toBe('ok');
  expect(stores[0]!.subarray(65534)).toEqual(Uint8Array.of(1, 2));
  chip.receive(Uint8Array.of(1));
  expect(before[1]).toEqual(Uint8Array.of(0xca, 0xfe, 0xba, 0xbe));
  chip.powerOff();
  expect(stores[1]!.subarray(0, 4)).not.toEqual(Uint8Array.of(0xca, 0xfe, 0xba, 0xbe));
  chip.powerOn();
  expect(before[2]).not.toEqual(before[1]);
});

test('what a smaller mount no longer covers stays in RAM', () => {
  let port: CpuPort | undefined;
  const { chip } = withFirmware({
    start: (cpu) => {
      port = cpu;
    },
  });
  chip.powerOn();
  port!.mountRam(0x20000000, () => new Uint8Array(256).fill(1));
  port!.mountRam(0x20000080, () => new Uint8Array(64).fill(2));
  const bytes = port!.readRam(0x20000000, 256);
  expect(bytes).toEqual(new Uint8Array(256).fill(1).fill(2, 128, 192));
});

test('F427: firmware chooses the width of a program, a reset brings back the default', () => {
  let port: CpuPort | undefined;
  const { chip } = withFirmware({
    start: (cpu) => {
      port = cpu;
    },
  });
  chip.powerOn();
  port!.setParallelism('x8');
  expect(port!.writeUnitBytes).toBe(1);
  expect(port!.programUnits(app + 1, Uint8Array.of(1, 2, 3))).toBe('ok');
  expect(port!.readFlash(app, 4)).toEqual(Uint8Array.of(0xff, 1, 2, 3));
  chip.reset();
  expect(port!.writeUnitBytes).toBe(4);
});

test('a store that does not fit the RAM is refused', () => {
  const { chip } = withFirmware({
    start: (cpu) => cpu.mountRam(0x20020000, () => new Uint8Array(131072)),
  });
  expect(() => chip.powerOn()).toThrow(RangeError);
});

test('stored option bytes take force by a launch', () => {
  const seen: (number | undefined)[] = [];
  const { chip } = withFirmware({
    start: (cpu) => seen.push(cpu.readOption(1)),
    receive: (cpu) => {
      cpu.programOptions(new Map([[1, 0x0ff00000]]));
      seen.push(cpu.readOption(1));
      cpu.launchOptions();
    },
  });
  chip.powerOn();
  chip.receive(Uint8Array.of(1));
  expect(seen).toEqual([0x0fff0000, 0x0fff0000, 0x0ff00000]);
});

test('F427: the hand-over with swapped banks shows bank 2 at the start of flash', () => {
  const starts: unknown[] = [];
  const { chip, events } = withFirmware({
    start: (cpu) => {
      starts.push([cpu.boot.address, cpu.boot.banksSwapped, cpu.readFlash(0x08000020, 4)]);
      if (starts.length === 1) {
        cpu.programUnits(0x08100020, Uint8Array.of(1, 2, 3, 4));
        cpu.bootApplication(0x08000000, { mapping: 'swapped' });
      }
    },
  });
  chip.powerOn();
  expect(chip.bootedApplication).toEqual({ address: 0x08000000, mapping: 'swapped' });
  expect(starts).toEqual([
    [0x08000000, false, new Uint8Array(4).fill(0xff)],
    [0x08000000, true, Uint8Array.of(1, 2, 3, 4)],
  ]);
  expect(events.at(-1)).toMatchObject({ kind: 'application-booted' });
  starts.push('no more hand-overs');
  chip.reset();
  expect(chip.bootedApplication).toBeUndefined();
});

test('F427: the alias at 0, the swap at the bank border, and both ends', () => {
  let port: CpuPort | undefined;
  const { chip } = withFirmware({
    start: (cpu) => {
      port = cpu;
    },
  });
  chip.powerOn();
  port!.programUnits(0x080ffffc, Uint8Array.of(1, 1, 1, 1));
  expect(port!.readFlash(0, 4)).toEqual(marker);
  expect(port!.readFlash(0x080ffffe, 4)).toEqual(Uint8Array.of(1, 1, ...marker.subarray(0, 2)));
  expect(port!.readFlash(0x081ffffe, 4)).toBe('bus-fault');
  expect(port!.readFlash(0x20000000, 4)).toBe('bus-fault');
  const stale = port!;
  chip.reset();
  expect(() => stale.readFlash(0, 4)).toThrow('stopped');
  expect(() => stale.programUnits(app, new Uint8Array(4))).toThrow('stopped');
});

test('F427: boot pins and BFB2 choose the source, until level 2', () => {
  const { chip, events } = withFirmware({ start: () => {} });
  chip.setPin('boot0', true);
  chip.powerOn();
  chip.setPin('boot1', true);
  chip.reset();
  chip.debug.connect();
  const bfb2 = withOptionField(chip.chip, chip.judge.optionsStored, { name: 'BFB2', value: 1 });
  chip.debug.writeOptionBytes(withOptionField(chip.chip, bfb2, { name: 'RDP', value: 0xcc }));
  chip.reset();
  expect(events.flatMap((event) => (event.kind === 'started' ? [event.from] : []))).toEqual([
    'rom-bootloader',
    'ram',
    'flash',
  ]);
});

test('F427: BFB2 starts bank 2 when it holds a stack pointer, else bank 1', () => {
  for (const held of [true, false]) {
    const swaps: boolean[] = [];
    const { chip } = withFirmware({ start: (cpu) => swaps.push(cpu.boot.banksSwapped) });
    chip.powerOn();
    chip.debug.connect();
    if (!held) chip.debug.eraseUnit(0x08100000);
    chip.debug.writeOptionBytes(
      withOptionField(chip.chip, chip.judge.optionsStored, { name: 'BFB2', value: 1 }),
    );
    chip.reset();
    expect(swaps).toEqual([false, held]);
  }
});

test('H743: BOOT_ADD0 starts the agent; SWAP_BANK_OPT swaps; an address in RAM counts below level 2', () => {
  const starts: unknown[] = [];
  const chip = createVirtualChip({
    chip: 'stm32h743',
    seed: 'h7',
    executors: [testFirmware({ start: (cpu) => starts.push([cpu.boot.address, cpu.boot.banksSwapped]) })],
  });
  programMarker(chip, 0x081e0000);
  const events: ChipEvent[] = [];
  chip.onEvent = (event) => events.push(event);
  chip.powerOn();
  chip.debug.connect();
  const set = (name: string, value: number) => {
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name, value }));
    chip.reset();
  };
  set('BOOT_ADD0', chip.chip.boot.addressFields!.anchorValue);
  set('SWAP_BANK_OPT', 1);
  set('BOOT_ADD0', 0x080e);
  set('BOOT_ADD0', 0x2400);
  expect(events.at(-2)).toMatchObject({ from: 'ram' });
  set('RDP', 0xcc);
  expect(events.at(-2)).toMatchObject({ from: 'flash' });
  expect(starts).toEqual([
    [0x081e0000, false],
    [0x080e0000, true],
  ]);
});

test('bytes that the host sends from within the link callback are handled afterwards, in order', () => {
  const order: string[] = [];
  const { chip } = withFirmware({
    receive: (cpu, bytes) => {
      order.push(`in ${bytes[0]}`);
      cpu.send(bytes);
      order.push(`done ${bytes[0]}`);
    },
  });
  chip.onLink = (bytes) => {
    if (bytes[0]! < 3) chip.receive(Uint8Array.of(bytes[0]! + 1));
  };
  chip.powerOn();
  chip.receive(Uint8Array.of(1));
  expect(order).toEqual(['in 1', 'done 1', 'in 2', 'done 2', 'in 3', 'done 3']);
});

test('a fault of the firmware itself is not hidden, and leaves the chip without firmware', () => {
  const { chip, events } = withFirmware({
    receive: () => {
      throw new Error('assertion of the firmware');
    },
  });
  chip.powerOn();
  expect(() => chip.receive(Uint8Array.of(1))).toThrow('assertion of the firmware');
  expect(chip.running).toBe(false);
  expect(events.at(-1)).toMatchObject({ kind: 'crashed' });
  const looping = withFirmware({ start: (cpu) => cpu.systemReset() });
  expect(() => looping.chip.powerOn()).toThrow('64 times');
});

test('firmware reads its pin', () => {
  const levels: boolean[] = [];
  const { chip } = withFirmware({ start: (cpu) => levels.push(cpu.pin('agent-request')) });
  chip.powerOn();
  chip.setPin('agent-request', true);
  chip.reset();
  expect(levels).toEqual([false, true]);
});

test('same seed, same chip; another seed, another', () => {
  const facts = (seed: string) => {
    const drawn: unknown[] = [];
    const { chip } = withFirmware(
      {
        start: (cpu) => drawn.push(cpu.random(16), cpu.readRam(0x20000000, 16)),
        receive: (cpu) => {
          cpu.eraseUnit(app);
        },
      },
      { seed, timing: 'between' },
    );
    chip.powerOn();
    chip.debug.connect();
    chip.debug.programFlash(app, new Uint8Array(1024));
    chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
    chip.receive(Uint8Array.of(1));
    expect(chip.power.fired).toHaveLength(1);
    return { uid: chip.uid, drawn, torn: chip.judge.flash(app, 1024), nowUs: chip.clock.nowUs };
  };
  expect(facts('one')).toEqual(facts('one'));
  const [one, two] = [facts('one'), facts('two')];
  for (const key of ['uid', 'drawn', 'torn', 'nowUs'] as const) expect(one[key]).not.toEqual(two[key]);
});

test('200 chips of 2 MiB, each with 16 KiB written, hold only the units that were written', () => {
  const chips = Array.from({ length: 200 }, (_, i) =>
    createVirtualChip({ chip: i % 2 === 0 ? 'stm32f427' : 'stm32h743', seed: `many ${i}` }),
  );
  for (const chip of chips) {
    chip.powerOn();
    chip.debug.connect();
    expect(chip.judge.allocatedBytes).toBe(0);
    expect(chip.debug.programFlash(app, new Uint8Array(16384))).toBe('ok');
  }
  const held = chips.reduce((sum, chip) => sum + chip.judge.allocatedBytes, 0);
  expect(held).toBeLessThanOrEqual(200 * (131072 + 4096));
  expect(new Set(chips.map(({ uid }) => uid.join())).size).toBe(200);
});

test('a given unique id is that of the chip', () => {
  const uid = new Uint8Array(12).fill(7);
  expect(createVirtualChip({ chip: 'stm32f427', seed: 'copy', uid }).uid).toEqual(uid);
});
