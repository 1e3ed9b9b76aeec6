// board.json as people write it, and as they get it wrong; and the ready boards.

import { chipIds, findChip } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import nucleo from '../data/nucleo-f429zi.json' with { type: 'json' };
import { boardBlockBytes, boardIds, encodeBoardBlock, findBoard, readBoardFile } from './index.ts';

const read = (change: object) => readBoardFile(JSON.stringify({ ...nucleo, ...change }), 'my.json');
const faultOf = (run: () => unknown) => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('ready boards', () => {
  test.each(boardIds)('%s has a source for every section, and a block', (id) => {
    const board = findBoard(id);
    expect(board.id).toBe(id);
    const { listenWindowMs: _, ...sections } = board.settings;
    const given = Object.entries(sections).filter(([, value]) => value !== undefined);
    expect(Object.keys(board.sources).sort()).toEqual(given.map(([name]) => name).sort());
    for (const source of Object.values(board.sources))
      expect(source.unverified === true).toBe(source.reason !== undefined);
    expect(chipIds()).toContain(board.chip);
    expect(encodeBoardBlock(board.settings, findChip(board.chip))).toHaveLength(boardBlockBytes);
  });

  test('an unknown one is refused with the list', () => {
    expect(() => findBoard('nucleo-f103rb')).toThrow(
      expect.objectContaining({
        code: 'board-unknown',
        fields: expect.objectContaining({ known: boardIds.join(', ') }),
      }),
    );
  });
});

describe('a file of one\u2019s own', () => {
  test('may leave out sources, UART or USB, and begin with a byte order mark', () => {
    const { sources: _, uart: __, ...rest } = nucleo;
    const board = readBoardFile(`\uFEFF${JSON.stringify(rest)}`, 'my.json');
    expect(board.settings.uart).toBeUndefined();
    expect(board.settings.usb).toEqual({ vendorId: 0x1209, productId: 1, vbusSensing: false });
  });

  test.each([
    ['no JSON', '{', 'its beginning', /it is no JSON/],
    ['a list', '[]', 'its top', /object/],
    ['too long', ' '.repeat(70_000), 'its size', /more than 65536/],
  ])('%s is refused at %s', (_, text, place, reason) => {
    expect(faultOf(() => readBoardFile(text, 'my.json'))).toMatchObject({
      code: 'board-file-invalid',
      fields: { file: 'my.json', place, reason: expect.stringMatching(reason) },
    });
  });

  test.each([
    [{ colour: 'red' }, 'its top'],
    [{ id: 'My Board' }, 'id'],
    [{ oscillator: { kind: 'quartz' } }, 'oscillator.kind'],
    [{ oscillator: { kind: 'internal', frequencyHz: 1 } }, 'oscillator'],
    [{ entry: { pin: 'C13', active: 'high', pull: 'none' } }, 'entry.pin'],
    [{ entry: { pin: 'PC16', active: 'high', pull: 'none' } }, 'entry.pin'],
    [{ usb: { vendorId: 4617, productId: '0x0001', vbusSensing: false } }, 'usb.vendorId'],
    [{ listenWindowMs: 'long' }, 'listenWindowMs'],
    [{ sources: { pins: { document: 'x', section: 'y' } } }, 'sources'],
  ])('%j is refused at %s', (change, place) => {
    expect(faultOf(() => read(change))).toMatchObject({ code: 'board-file-invalid', fields: { place } });
  });

  test('a value that breaks a limit names its field, and an unknown chip the list', () => {
    expect(faultOf(() => read({ listenWindowMs: 60_000 }))).toMatchObject({
      code: 'board-field-invalid',
      fields: { field: 'listenWindowMs', value: 60_000 },
    });
    for (const landingPage of [
      'http://fw.example',
      'https://',
      'https://updates.example.com/',
      'https://a b',
    ])
      expect(faultOf(() => read({ usb: { ...nucleo.usb, landingPage } }))).toMatchObject({
        code: 'board-field-invalid',
        fields: { field: 'usb.landingPage', value: landingPage },
      });
    expect(faultOf(() => read({ chip: 'stm32f100' }))).toMatchObject({ code: 'chip-unknown' });
  });
});
