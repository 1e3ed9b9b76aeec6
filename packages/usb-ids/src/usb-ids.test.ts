import { expect, test } from 'vitest';
import { isProbe, knownUsb, knownUsbDevices, usbIdText, usbSources } from './index.ts';

const kinds = ['rom-bootloader', 'agent', 'st-link', 'j-link', 'cmsis-dap', 'ftdi', 'serial'];

test('every line has ids of its own, a known kind, and a source that is named once', () => {
  expect(new Set(knownUsbDevices.map(({ id }) => id)).size).toBe(knownUsbDevices.length);
  for (const one of knownUsbDevices) {
    expect(one.id).toMatch(/^[0-9a-f]{4}:[0-9a-f]{4}$/);
    expect(kinds).toContain(one.kind);
    expect(Object.keys(usbSources)).toContain(one.source);
    expect(one.kind === 'ftdi').toBe(one.scripts !== undefined);
  }
  for (const [name, source] of Object.entries(usbSources)) {
    expect(knownUsbDevices.some((one) => one.source === name)).toBe(true);
    expect(source.unverified === true).toBe(source.reason !== undefined);
  }
});

test('a device is told by its ids, and by the name of its product where the ids are shared', () => {
  expect(knownUsb({ vendorId: 0x0483, productId: 0xdf11 })?.kind).toBe('rom-bootloader');
  expect(knownUsb({ vendorId: 0x0483, productId: 0x374b, productName: 'STM32 STLink' })?.kind).toBe(
    'st-link',
  );
  expect(knownUsb({ vendorId: 0x1209, productId: 1, productName: 'firmseal agent' })?.kind).toBe('agent');
  expect(knownUsb({ vendorId: 0x1209, productId: 1, productName: 'suite' })).toBeUndefined();
  expect(knownUsb({ vendorId: 0x1209, productId: 1, productName: 'Virtual CMSIS-DAP' })?.kind).toBe(
    'cmsis-dap',
  );
  expect(knownUsb({ vendorId: 0x046d, productId: 0xc31c, productName: null })).toBeUndefined();
  expect(usbIdText({ vendorId: 0x0483, productId: 0xdf11 })).toBe('0483:df11');
});

test('probes are those that OpenOCD drives', () => {
  const probes = new Set(knownUsbDevices.filter(isProbe).map(({ kind }) => kind));
  expect([...probes].sort()).toEqual(['cmsis-dap', 'ftdi', 'j-link', 'st-link']);
});
