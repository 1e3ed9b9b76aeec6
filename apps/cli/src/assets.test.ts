// Assets in the source tree; the same in a bundle is tested by tools/pack.

import { expect, test } from 'vitest';
import { assetsBelow, isAssetName, readAsset } from './assets.ts';

test('names outside of what a bundle holds are refused, even where the file exists', () => {
  expect(isAssetName('device/agent/build/agent.wasm')).toBe(true);
  expect(isAssetName('examples/blink/blink.elf')).toBe(true);
  expect(isAssetName('package.json')).toBe(false);
  expect(isAssetName('examples/../package.json')).toBe(false);
  expect(isAssetName('examples/blink/main.c')).toBe(false);
  expect(() => readAsset('package.json')).toThrow(expect.objectContaining({ code: 'asset-missing' }));
});

test('an asset that is not there is a fault that names it', () => {
  expect(() => readAsset('examples/none/none.elf')).toThrow(
    expect.objectContaining({ code: 'asset-missing', fields: { name: 'examples/none/none.elf' } }),
  );
});

test('the application kit is taken along whole, without its tests', () => {
  const kit = assetsBelow('device/sdk');
  for (const name of [
    'LICENSE',
    'CMakeLists.txt',
    'include/firmseal.h',
    'src/stm32f427/firmseal_registers.h',
  ])
    expect(kit).toContain(`device/sdk/${name}`);
  expect(kit.filter((name) => name.includes('/test/'))).toEqual([]);
});
