// CSV rows and the JUnit document: what they hold, and hostile text in them.

import { Fault } from '@firmseal/fault';
import { reportFault } from '@firmseal/programmer';
import { expect, test } from 'vitest';
import { csvHead, csvRow, junitReport } from './index.ts';
import type { Cycle } from './outcome.ts';

const pass: Cycle = {
  ...{ name: 'A1', socketNumber: 1, place: 'usb:1-4.2', package: 'panel', cycle: 3 },
  ...{ installId: '0a'.repeat(16), thumbprint: 'ab'.repeat(32), label: 'SN-1', licenseId: 'cd'.repeat(16) },
  ...{ outcome: 'pass', fault: null, exitCode: 0, time: '2026-01-01T06:00:00.000Z' },
  times: { totalMs: 12_140.4, eraseMs: 900, programMs: 10_200, verifyMs: 400 },
};
const silent = reportFault(new Fault('chip-silent', { socket: 'usb:1-4.2', attempts: 2 }));
const fail: Cycle = { ...pass, outcome: 'fail', fault: silent, exitCode: 13, thumbprint: null, label: null };
const seen = new Fault('chip-seen-before', { socket: 'usb:1-4.2', at: 'noon' });
const refused: Cycle = { ...pass, outcome: 'refused', fault: reportFault(seen), exitCode: 16 };
const weak: Cycle = { ...pass, outcome: 'unprotected', exitCode: 21 };

test('a CSV row has a value for each column', () => {
  expect(csvHead).toBe(
    'time,socket,place,package,cycle,outcome,exit_code,error,error_code,device,label,license,total_ms,erase_ms,program_ms,verify_ms,install\r\n',
  );
  expect(csvRow(pass)).toBe(
    `2026-01-01T06:00:00.000Z,A1,usb:1-4.2,panel,3,pass,0,,,${'ab'.repeat(32)},SN-1,${'cd'.repeat(16)},12140,900,10200,400,${'0a'.repeat(16)}\r\n`,
  );
  expect(csvRow(fail)).toContain(',fail,13,FS0909,chip-silent,,,');
});

test('a label is no formula and breaks no row', () => {
  expect(csvRow({ ...pass, label: '=cmd()' })).toContain(",'=cmd(),");
  expect(csvRow({ ...pass, label: 'a,"b"\r\n' })).toContain(',"a,""b""??",');
});

test('JUnit: counts, names, messages, and text that is no markup', () => {
  const report = junitReport('line <1>', [pass, fail, refused, weak, { ...pass, label: '<&"' }]);
  expect(report).toContain(
    '<testsuite name="line &lt;1&gt;" tests="5" failures="2" skipped="1" errors="0" time="60.702">',
  );
  expect(report).toContain('<testcase classname="panel.A1" name="SN-1" time="12.140"/>');
  expect(report).toContain('name="chip 3" time="12.140"><failure type="FS0909" message="No agent answered');
  expect(report).toContain('<skipped message="The chip in socket');
  expect(report).toContain('<failure type="UNPROTECTED" message="the receipt says UNPROTECTED"></failure>');
  expect(report).toContain('name="&lt;&amp;&quot;"');
});
