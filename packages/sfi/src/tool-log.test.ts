import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findCauses } from './causes.ts';
import { plainLine, readToolLog, ToolLogReader } from './tool-log.ts';

test('lines with and without the time, with colours and with progress bars are one', () => {
  for (const raw of [
    '14:18:32 : Area type : F',
    ' 14:18:32:123 : Area type : F',
    'Area type : F  ',
    '\u001b[32mArea type : F\u001b[0m',
    '50%\rArea type : F',
  ])
    expect(plainLine(raw)).toBe('Area type : F');
});

test('the head, the areas and the steps of an install', () => {
  const log = readToolLog(
    [
      '      STM32CubeProgrammer v2.10.0',
      'ST-LINK SN  : 002F003F3137510539383538',
      'Device ID   : 0x480',
      'Device name : STM32H7A/B',
      'BL Version  : 0x91',
      '     SFI header information    :',
      '         SFI protocol version        : 2',
      '         SFI total number of areas   : 9',
      '         SFI image version           : 2',
      '     Parsing Area 1/9    :',
      '         Area type                   : F',
      '         Area size                   : 688',
      '         Area destination address    : 0x8000000',
      '         Area type                   : P',
      '         Area size                   : 32',
      '         Area destination address    : 0x81ff000',
      'Succeed to generate license for the current STM32 device',
      'Activating security Success',
      'Warning: Could not verify security state after last chunk programming',
      'all areas processed',
      'SFI Process Finished!',
    ].join('\n'),
  );
  expect(log).toMatchObject({
    toolVersion: '2.10.0',
    probe: 'st-link',
    deviceId: 0x480,
    family: { id: 'h7' },
    bootloader: '0x91',
    protocolVersion: 2,
    areaCount: 9,
    imageVersion: 2,
    areas: [
      { type: 'F', sizeBytes: 688, destinationAddress: 0x08000000 },
      { type: 'P', sizeBytes: 32, destinationAddress: 0x081ff000 },
    ],
    steps: ['image-parsed', 'license-drawn', 'security-on', 'areas-written', 'finished'],
    positive: { line: 21 },
    errors: [],
  });
});

test('option bytes: as printed, as compared, as exported', () => {
  const { fields } = readToolLog(
    [
      '     PRODUCT_STATE: 0x17 (Provisioning, Debug partially opened (only non-secure)) ',
      '     WRPSGn1      : 0xFFFFFFFF  (0x8000000)',
      '"NSBOOTADD" : 524288,',
      '"WRPSGn2" : -1,',
      'Warning: Option Byte: TZEN, value: 0x1, was not modified.',
      'Error: Expected value for Option Byte "RDP": 0xBB, found: 0xAA',
      '  Address       : 0x5200201c',
    ].join('\n'),
  );
  expect(fields).toEqual({
    PRODUCT_STATE: 0x17,
    WRPSGn1: 0xffffffff,
    NSBOOTADD: 524288,
    WRPSGn2: 0xffffffff,
    TZEN: 1,
    RDP: 0xaa,
  });
});

test('a sentence about success in the middle of an install is not the end of it', () => {
  const lines = [
    'Attempt to reconnect to check on SFI success...',
    'Succeed to set write mode for SFI',
    'Parsed File SUCCESS',
    'Error: SFI install success not seen',
  ];
  for (const line of lines) expect(readToolLog(line).positive, line).toBeUndefined();
});

test('a discovery, and the counter of a card', () => {
  expect(
    readToolLog(
      'discovery: PSA lifecycle...................:ST_LIFECYCLE_CLOSED\ndiscovery: ST provisioning integrity status:0xEAEAEAEA',
    ),
  ).toMatchObject({ lifecycle: 'ST_LIFECYCLE_CLOSED', integrity: 0xeaeaeaea });
  expect(readToolLog('HSM FW IDENTIFIER : panel').cardFirmware).toBe('panel');
  expect(readToolLog('PIN retry counter : 3').cardCounter).toBeUndefined();
});

test('no lines throw, and a long log stays bounded', () => {
  const words = fc.constantFrom(
    'Error: ',
    'Area type',
    ' : ',
    '0x1',
    'SFI',
    '\r',
    '99999999999',
    'success',
    '"RDP"',
    '(',
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join('')),
        ),
        { maxLength: 40 },
      ),
      (lines) => {
        const log = readToolLog(lines.join('\n'));
        findCauses({ log, failed: true });
      },
    ),
    { seed: 20262, numRuns: 500 },
  );
  const reader = new ToolLogReader();
  for (let index = 0; index < 30_000; index++) reader.take(`${'x'.repeat(10)}${index}`);
  expect(reader.log.lines.length).toBe(20_000);
  expect(plainLine('y'.repeat(10_000)).length).toBe(2_000);
});

test('a text about the tools is no log of them', () => {
  expect(
    readToolLog("ST's RSS and SFI decrypt in the chip; STM32CubeProgrammer drives them.").recognized,
  ).toBe(false);
  expect(readToolLog('13:59:39 : Option byte command : -ob DMEP1=0').recognized).toBe(true);
  expect(readToolLog('Error: RSSLIB_SETOBKEY_BAD_SIZE in OBKey').recognized).toBe(true);
});

test('a log cannot steer the terminal that shows it', () => {
  const { errors } = readToolLog('Error: \u001b]0;title\u0007 and \u202e back, \u0008\u0008\ttab');
  expect(errors[0]?.text).toBe('Error: ?]0;title? and ? back, ?? tab');
});
