// Every call of the table, both ways: what one side encodes the other decodes to the same.

import { fromHex, utf8 } from '@firmseal/bytes';
import { Fault, type FaultCode } from '@firmseal/fault';
import { describe, expect, test } from 'vitest';
import { type Call, decodeAnswer, decodeInput, encodeAnswer, encodeRequest } from './call.ts';
import { type CallInput, type CallName, calls } from './calls.ts';
import { decodeFault, encodeFault } from './fault-answer.ts';

const job = fromHex('0a'.repeat(16));
const [digest, receipt] = [new Uint8Array(32).fill(7), utf8('receipt')];
const files = { header: utf8('header'), contentKeyFile: utf8('key') };

/** One full input for each call. */
const inputs: { [N in CallName]: CallInput<N> } = {
  giveHelloChallenge: { job },
  giveReceiptChallenge: { job },
  issueLicense: {
    ...{ job, hello: utf8('h'), certificate: utf8('c'), challenge: digest, requestId: 'r-1' },
    manifestDigest: digest,
  },
  issueStationLicense: { job, request: utf8('r'), delegation: utf8('d'), challenge: digest },
  takeStationUnit: { job, request: utf8('r'), delegation: utf8('d'), challenge: digest },
  storeOutcome: { job, statement: utf8('s'), delegation: utf8('d') },
  storeReceipt: { job, licenseId: job, receipt, challenge: digest, certificate: utf8('c') },
  openJob: { ...files, quota: 5, mode: 'standing', deviceData: [[utf8('a'), utf8('b')]] },
  rewrapKeys: { from: 10 },
  rewrapContentKey: files,
  listJobs: { from: 0, limit: 3 },
  showJob: { job },
  listUnits: { job, from: 9, limit: 200 },
  addPackage: { job, ...files },
  approveJob: { job },
  closeJob: { job },
  giveApproval: { approval: utf8('a'), delegation: utf8('d') },
  setSiteCap: { product: 'pump', site: 'hall', cap: 9, validUntilMs: 5, number: 2 },
  listSites: { from: 1 },
  giveSiteChallenge: { product: 'pump' },
  listDeviceCas: { product: 'pump' },
  certifyDevice: {
    ...{ product: 'pump', chip: 'stm32f427', origin: 1, hello: utf8('h'), challenge: digest },
    ...{ signingKey: new Uint8Array(65).fill(4), kemKey: new Uint8Array(65).fill(5) },
  },
  setStop: { kind: 'product', name: 'panel', reason: 'a recall' },
  liftStop: { kind: 'device', name: '0a'.repeat(32) },
  listStops: { from: 1 },
  addWebhook: { url: 'https://hooks.example/', events: ['job.opened'] },
  listWebhooks: {},
  removeWebhook: { webhook: '0a'.repeat(8) },
  fetchJobEnd: { job },
  setRollout: {
    job,
    percent: 5,
    halted: false,
    haltAbovePercent: 10,
    origins: ['null', 'https://a.example'],
  },
  voidUnit: { job, unit: 3, reason: 'broken' },
  createLineToken: { job, label: 'line 1', lifeDays: 3 },
  createToken: { scope: 'auditor', label: 'a' },
  listTokens: {},
  storeIdentity: { record: utf8('r') },
  listIdentities: { from: 2 },
  revokeToken: { token: '00112233445566aa' },
  listAlarms: { from: 1 },
  acknowledgeAlarm: { alarm: 12, note: 'known' },
  licenseRecords: { job, records: [utf8('r')], notAfterSeconds: 9, manifestDigest: digest },
  recoveryFloor: { product: 'pump', thumbprint: digest },
  recordRecovery: { product: 'pump', certificate: utf8('c'), hello: utf8('h'), bundle: utf8('b') },
  signBatch: { job, licenses: [job], notAfterSeconds: 9 },
  whoAmI: {},
  findUnits: {
    thumbprint: '0a',
    uniqueId: '0a0b0c0d',
    product: 'p',
    firmwareVersion: '1',
    from: 1,
    limit: 2,
  },
  showReceipt: { receipt: digest },
  listLog: { from: 7 },
  reportBoard: {
    job,
    board: {
      line: 'line-1',
      sockets: [
        {
          name: 'A1',
          place: 'usb:1-4',
          package: 'panel',
          state: 'installing',
          step: 'writing',
          fraction: 0.5,
        },
      ],
      tally: { passed: 1, passedFirst: 1, failed: 0, refused: 0 },
      results: [{ socket: 'A1', atMs: 5, totalMs: 9, outcome: 'pass', thumbprint: digest }],
      alarms: [{ error: 'FS1420', sentence: 'The clock went back.' }],
    },
  },
  listBoards: {},
  health: {},
  exportEvidence: {},
};
const names = Object.keys(calls) as CallName[];

/** What a server finds in a request. */
function partsOf(item: Call, name: CallName) {
  const { path, body } = encodeRequest(item, inputs[name] as never);
  const url = new URL(path, 'https://a.example');
  const pattern = item.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const inPath = { ...new RegExp(`^${pattern}$`).exec(url.pathname)?.groups };
  const fields = body === undefined ? Object.fromEntries(url.searchParams) : JSON.parse(body);
  return { inPath, fields };
}

test.each(names)('%s: the request comes to the same input', (name) => {
  const item: Call = calls[name];
  const parts = partsOf(item, name);
  expect(decodeInput(item, parts)).toEqual(inputs[name]);
  expect(item.method === 'GET').toBe(encodeRequest(item, inputs[name] as never).body === undefined);
});

test.each(names)('%s: an unknown field is refused, and one that stands in the path already', (name) => {
  const item: Call = calls[name];
  const { inPath, fields } = partsOf(item, name);
  const refused = (extra: object) => {
    expect(() => decodeInput(item, { inPath, fields: { ...fields, ...extra } })).toThrow(
      expect.objectContaining({ code: 'body-invalid' }),
    );
  };
  refused({ extra: 1 });
  refused(JSON.parse('{"__proto__": {"job": "x"}}'));
  for (const name of Object.keys(inPath)) refused({ [name]: inPath[name] });
});

test('a call that a line may make names its job in the path, but for whoAmI', () => {
  const others = Object.entries<Call>(calls).filter(
    ([, { scopes, path }]) => scopes.includes('line') && !path.includes('{job}'),
  );
  expect(others.map(([name]) => name)).toEqual(['whoAmI']);
});

describe('an answer', () => {
  test('comes to the same result, and what is not of the interface is left out', () => {
    const answer = { bundle: utf8('b'), licenseId: job, unitIndex: 3, newUnit: true };
    const value = encodeAnswer(calls.issueLicense, answer) as object;
    expect(value).toEqual({ bundle: 'Yg', licenseId: '0a'.repeat(16), unitIndex: 3, newUnit: true });
    expect(decodeAnswer(calls.issueLicense, { ...value, more: 1 })).toEqual(answer);
  });

  test('of another shape is named by its field', () => {
    expect(() => decodeAnswer(calls.issueLicense, { bundle: 'Yg', licenseId: '0a' })).toThrow(
      expect.objectContaining({
        code: 'authority-answer-malformed',
        fields: expect.objectContaining({ field: 'licenseId' }),
      }),
    );
  });
});

describe('a fault', () => {
  test.each<[FaultCode, number]>([
    ['quota-exhausted', 409],
    ['token-refused', 401],
    ['license-device-wrong', 422],
    ['store-full', 503],
    ['internal-error', 500],
    ['link-timeout', 500],
  ])('%s has status %i and comes back as it was', (code, status) => {
    const fault = new Fault(code, { quota: 5, chip: 'x' });
    const encoded = encodeFault(fault);
    expect(encoded.status).toBe(status);
    const back = decodeFault(encoded.status, JSON.parse(JSON.stringify(encoded.body)));
    expect(back.code).toBe(code);
    expect(back.fields).toEqual({ quota: 5, chip: 'x', from: 'authority', status });
  });

  test.each([
    null,
    5,
    'x',
    [],
    {},
    { number: 853 },
    { number: 853, code: 'quota' },
    { number: 1e9, code: 'x' },
  ])('of unknown form is authority-refused: %j', (value) => {
    expect(decodeFault(418, value)).toMatchObject({ code: 'authority-refused', fields: { status: 418 } });
  });
});
