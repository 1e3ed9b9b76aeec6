import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, it } from 'vitest';
import { sealSmall, trust } from '../test/small-package.ts';
import { inspectPackage, renderPackageReport } from './inspect.ts';

describe('inspecting a package', () => {
  it('says what is in it, as JSON and for people, and nothing secret', async () => {
    const { file, contentKey, manifestDigest } = await sealSmall();
    const report = inspectPackage(crypto, { file, trust });
    expect(report.checks).toEqual({ header: 'ok', records: 'ok' });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      product: 'thermostat',
      manifestDigest: toHex(manifestDigest),
      records: 5,
      entry: '0x08040000',
      carriesLicense: false,
    });
    const text = renderPackageReport(report) + JSON.stringify(report);
    expect(text).not.toContain(toHex(contentKey.expose()));
    expect(renderPackageReport(report)).toContain('area 1:              0x08060000 64 bytes, device-data\n');
  });

  it('says which check failed', async () => {
    const { file } = await sealSmall();
    file[file.length - 1]! ^= 1;
    expect(inspectPackage(crypto, { file }).checks).toEqual({
      header: 'no-root-key-given',
      records: 'record-hash-wrong',
    });
    const wrong = inspectPackage(crypto, { file, trust: { ...trust, product: 'kettle' } });
    expect(wrong.checks.header).toBe('delegation-product-wrong');
  });
});
