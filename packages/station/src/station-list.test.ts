// Names of stations and sites in the list of a job.

import { expect, it } from 'vitest';
import { entriesOfStation, isOnStationList, requireListedStation, stationListEntry } from './station-list.ts';

it('a station is listed by its name, or with all others of its site', () => {
  const stations = ['bench-1', 'shenzhen/*'];
  expect(
    ['bench-1', 'shenzhen/line-3', 'shenzhen/a/b'].map((name) => isOnStationList(stations, name)),
  ).toEqual([true, true, true]);
  const others = ['bench-10', 'Bench-1', 'shenzhen', 'shenzhen2/line-3', 'x/shenzhen/line-3'];
  expect(others.filter((name) => isOnStationList(stations, name))).toEqual([]);
});

it('a station belongs to its sites, the narrowest first', () => {
  expect(entriesOfStation('bench-1')).toEqual(['bench-1']);
  expect(entriesOfStation('cn/shenzhen/line-3')).toEqual(['cn/shenzhen/line-3', 'cn/shenzhen/*', 'cn/*']);
  expect(entriesOfStation('/odd')).toEqual(['/odd']);
});

it('an entry is a name, or a site with its asterisk at the end alone', () => {
  const right = ['a', 'shenzhen/*', 'a/b/*', 'x'.repeat(32)];
  expect(right.filter((one) => !stationListEntry.test(one))).toEqual([]);
  const wrong = ['', '*', '/*x', 'a*', 'a*/*', 'bench 1', 'x'.repeat(33), `${'x'.repeat(31)}/*`, 'é'];
  expect(wrong.filter((one) => stationListEntry.test(one))).toEqual([]);
});

it('a job without a list takes every station, and one with a list nobody without a name', () => {
  const jobId = new Uint8Array(16);
  expect(() => requireListedStation({ jobId }, undefined)).not.toThrow();
  const listed = { jobId, stations: ['bench-1'] };
  expect(() => requireListedStation(listed, 'bench-1')).not.toThrow();
  expect(() => requireListedStation(listed, undefined)).toThrow('without a name');
  expect(() => requireListedStation(listed, 'bench-2')).toThrow('bench-2');
});
