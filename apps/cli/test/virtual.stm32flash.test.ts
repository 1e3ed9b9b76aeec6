// `firmseal virtual` as its users have it: the command lines that it prints are run as they stand; what they
// programmed is there in the next run; power cuts come when they were planned; a damaged state is refused.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { lineFor, runLine } from './printed-line.ts';
import { runHere } from './run-here.ts';
import { VirtualProcess } from './run-virtual.ts';

const usable = hasTool('stm32flash', 'in-ci', ['-h']) && hasTool('python3');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-virtual-'));
const image = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) >>> 3);
writeFileSync(join(folder, 'image.bin'), image);
afterAll(() => rmSync(folder, { recursive: true }));

let virtual: VirtualProcess | undefined;
afterEach(async () => void (await virtual?.stop()));

const run = (command: string) => runLine(command, folder);

describe.runIf(usable)('on a pseudo-terminal', () => {
  test('programs by the printed line; the next run has the same chip, also after a kill', async () => {
    const state = join(folder, 'chips.state');
    const words = ['--chip', 'stm32f427', '--uart', 'pty', '--boot0', 'high', '--state', state];
    virtual = await VirtualProcess.start(...words);
    const { uniqueId } = virtual.chips[0]!;
    const { failed, printed } = await run(lineFor(virtual!, 'stm32flash'));
    expect([failed, printed]).toEqual([false, expect.stringContaining('(100.00%) Done.')]);
    const before = await virtual.state(1);
    expect(before).toMatchObject({ runs: 'ROM bootloader', map: ['#...........', '............'] });
    expect(await virtual.stop()).toBe(0);

    virtual = await VirtualProcess.start(...words);
    expect(virtual.chips[0]!.uniqueId).toBe(uniqueId);
    const after = await virtual.state(1);
    expect([after['map'], after['operations']]).toEqual([before['map'], before['operations']]);
    const read = await run(
      lineFor(virtual!, 'stm32flash').replace('-w image.bin -v', '-r read.bin -S 0x08000000:5000'),
    );
    expect(read.failed).toBe(false);
    expect(new Uint8Array(readFileSync(join(folder, 'read.bin')))).toEqual(image);
    await virtual.stop('SIGKILL');

    virtual = await VirtualProcess.start(...words);
    expect((await virtual.state(1))['map']).toEqual(before['map']);
  });

  test('power is cut where --fault says; the chip goes on when power is typed on', async () => {
    const plan = join(folder, 'plan.txt');
    writeFileSync(plan, 'boot0 high all # the ROM bootloader\ncut 2 at 100 torn\n');
    virtual = await VirtualProcess.start(
      ...['--chip', 'stm32g0b1', '--count', '2', '--uart', 'pty'],
      ...['--fault', plan, '--fault', 'cut 2 at 400 after'],
    );
    expect((await run(lineFor(virtual!, 'stm32flash', 1))).failed).toBe(true);
    const lost = await virtual.said({ event: 'power-lost', number: 2 });
    expect(lost).toMatchObject({ operations: 100, cut: { operation: 100, moment: 'torn' } });
    expect(await virtual.state(2)).toMatchObject({ powered: false, cut: { operation: 400 } });
    expect((await run(lineFor(virtual!, 'stm32flash', 0))).failed).toBe(false);
    virtual.type('power on 2');
    await virtual.said({ event: 'started', number: 2 });
    virtual.type('power sideways 2');
    expect(await virtual.said({ event: 'control-refused' })).toMatchObject({ code: 'control-invalid' });
    virtual.type('quit');
    expect(await virtual.stop()).toBe(0);
  });
});

describe('refusals', () => {
  const refusal = async (...words: string[]) => {
    const { status, stderr } = await runHere(['virtual', '--chip', 'stm32f427', ...words]);
    return [status, /^FS\d+ ([\w-]+)/.exec(stderr)?.[1]];
  };

  test('a state that another process keeps, a damaged one, one of other chips, and a port that is taken', async () => {
    const state = join(folder, 'one.state');
    virtual = await VirtualProcess.start('--chip', 'stm32f427', '--state', state);
    const port = virtual.chips[0]!.socket.split(':').at(-1)!;
    expect(await refusal('--link-port', port)).toEqual([16, 'port-unavailable']);
    const inUse = await refusal('--state', state);
    expect(inUse).toEqual([expect.any(Number), 'state-in-use']);
    await virtual.stop();
    expect(existsSync(`${state}.lock`)).toBe(false);
    expect(await refusal('--state', state, '--count', '2')).toEqual([3, 'state-of-other-chips']);
    const whole = readFileSync(state, 'utf8');
    writeFileSync(state, whole.replace('"operations":0', '"operations":1'));
    expect(await refusal('--state', state)).toEqual([3, 'state-damaged']);
    expect(readFileSync(state, 'utf8')).not.toBe(whole);
  });

  test.each([
    ['--fault', 'cut 1 at', 3, 'control-invalid'],
    ['--fault', 'cut 2 at 5', 3, 'virtual-chip-unknown'],
    ['--uart', 'rs485', 2, 'command-line-invalid'],
    ['--debug', 'jlink', 2, 'command-line-invalid'],
    ['--clock', 'fast', 2, 'command-line-invalid'],
    ['--quirk', 'squeaks', 2, 'command-line-invalid'],
  ])('%s %s', async (option, value, status, code) =>
    expect(await refusal(option, value)).toEqual([status, code]),
  );
});
