// An install belongs to the license that began it: another license for the same package starts it over,
// per-device data included. spec/agent.md section 3, on the agent's WebAssembly build.

import { describe, expect, it } from 'vitest';
import { type Line, personalizedLine } from './line.ts';
import { deviceData, makeLicense, makePackage, pattern, places, type TestPackage } from './trusted-site.ts';

const chipId = 'stm32f427';
const otherData = pattern(96, 123);

/** A chip that lost power after two records of an install under policy resume. */
async function cutInstall() {
  const line = await personalizedLine(chipId, 1);
  const sealed = await makePackage(chipId, { core: { bootCheck: 'digest' } });
  line.hello();
  const license = await makeLicense(sealed, line.device!);
  line.package(sealed);
  line.license(license);
  for (let i = 0; i < 3; i++) line.record(i, sealed.records[i]!);
  line.chip.reset();
  expect(line.hello().lifeCycle).toBe('installing');
  return { line, sealed, license };
}

/** Start addresses of the erase units that the chip erases meanwhile, inside the places of the package. */
function erasedBy({ chip }: Line, { manifest }: TestPackage, act: () => void): number[] {
  const erased: number[] = [];
  chip.power.onOperation = ({ kind, address }) => {
    if (kind === 'erase') erased.push(address);
  };
  act();
  chip.power.onOperation = undefined;
  return erased.filter((address) => manifest.core.areas.some((area) => area.address === address));
}

const dataOf = ({ chip }: Line) => chip.judge.flash(places[chipId].data, 96);

describe('after a cut install', () => {
  it('its license goes on: the data in flash are not written again', async () => {
    const { line, sealed, license } = await cutInstall();
    line.package(sealed);
    const erased = erasedBy(line, sealed, () => line.license(license));
    expect(erased).not.toContain(places[chipId].data);
    expect(erased).not.toContain(places[chipId].keys);
    line.records(sealed);
    expect(dataOf(line)).toEqual(deviceData);
    expect(line.receipt(license, sealed.manifest).installCount).toBe(1);
  });

  it('another license starts over, and the chip holds nothing of the first one', async () => {
    const { line, sealed } = await cutInstall();
    const second = await makeLicense(sealed, line.device!, { deviceData: [otherData] });
    line.package(sealed);
    const erased = erasedBy(line, sealed, () => line.license(second));
    for (const place of Object.values(places[chipId])) expect(erased).toContain(place);
    line.records(sealed);
    expect(dataOf(line)).toEqual(otherData);
    expect(line.receipt(second, sealed.manifest, pattern(32, 4)).result).toBe('installed');
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('a look at another license in between ends the resume of the first', async () => {
    const { line, sealed, license } = await cutInstall();
    line.package(sealed);
    line.license(await makeLicense(sealed, line.device!, { deviceData: [otherData] }));
    line.chip.reset();
    line.hello();
    line.package(sealed);
    expect(erasedBy(line, sealed, () => line.license(license))).toContain(places[chipId].data);
    line.records(sealed);
    expect(dataOf(line)).toEqual(deviceData);
  });
});
