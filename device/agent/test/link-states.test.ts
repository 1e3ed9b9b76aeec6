// The table of life cycles and messages in spec/link.md section 3, cell by cell, on the agent's WebAssembly
// build: the page is read, and the chip is asked.

import { readFileSync } from 'node:fs';
import { encodeCbor } from '@firmseal/cbor-cose';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { recover } from './hostile-application.ts';
import { blankLine, type Line, personalizeBegin, personalizeFinish } from './line.ts';
import { ApplicationPlayer, applicationPackage, twoPlaces } from './trial-application.ts';
import { makeLicense, type TestPackage } from './trusted-site.ts';

const chipId = 'stm32g0b1';
const none = new Uint8Array(0);
const places = twoPlaces(findChip(chipId));
type LifeCycle = 'blank' | 'personalized' | 'installing' | 'installed' | 'erased' | 'trial' | 'reverted';

/**
 * Message and life cycle: what stands in that cell of the page; a cell that is empty
 * is as the one to its left.
 */
function readTable(): Map<string, string> {
  const page = readFileSync(new URL('../../../spec/link.md', import.meta.url), 'utf8');
  const rows = page
    .slice(page.indexOf('| message | blank |'))
    .split('\n\n')[0]!
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [names, , ...body] = rows;
  const cells = new Map<string, string>();
  for (const [messages, ...row] of body)
    for (const message of messages!.split(', ')) {
      let cell = '';
      for (const [i, lifeCycle] of names!.slice(1, -1).entries()) {
        cell = row[i] || cell;
        cells.set(`${message} ${lifeCycle}`, cell);
      }
    }
  return cells;
}
const table = readTable();

/** The fault that a cell names, or 0. */
const due = (message: string, lifeCycle: LifeCycle): string | 0 => {
  const cell = table.get(`${message} ${lifeCycle}`);
  if (cell === undefined) throw new Error(`the page has no cell for ${message} and ${lifeCycle}`);
  return /`([a-z-]+)`/.exec(cell)?.[1] ?? 0;
};

let erasing: TestPackage;
let resuming: TestPackage;
let onTrial: TestPackage;
beforeAll(async () => {
  erasing = await applicationPackage(chipId, places[0], { securityCounter: 5, interruption: 'erase' });
  resuming = await applicationPackage(chipId, places[0], { securityCounter: 6, interruption: 'resume' });
  onTrial = await applicationPackage(chipId, places[1], { securityCounter: 7, interruption: 'trial' });
});

function enterAgent({ chip }: Line): void {
  chip.setPin('agent-request', true);
  chip.reset();
  chip.setPin('agent-request', false);
}

async function cut(line: Line, sealed: TestPackage): Promise<void> {
  line.hello();
  line.package(sealed);
  line.license(await makeLicense(sealed, line.device!));
  enterAgent(line);
}

/** A chip in that life cycle, just reset, its agent waiting. */
async function chipIn(lifeCycle: LifeCycle): Promise<Line> {
  const line = await blankLine(chipId, lifeCycle, undefined, [new ApplicationPlayer()]);
  if (lifeCycle === 'blank') return line;
  await line.personalize(1);
  enterAgent(line);
  if (lifeCycle === 'personalized') return line;
  if (lifeCycle === 'erased') {
    await cut(line, erasing);
    return line;
  }
  await line.install(erasing);
  enterAgent(line);
  if (lifeCycle === 'installing') await cut(line, resuming);
  if (lifeCycle === 'trial' || lifeCycle === 'reverted') await line.install(onTrial);
  if (lifeCycle === 'reverted') {
    line.chip.reset(); // the trial
    line.chip.reset(); // without its confirmation
  }
  enterAgent(line); // with the entry pin no trial begins
  return line;
}

/** A package that the chip would take, if it takes any. */
const fitting = (lifeCycle: LifeCycle): TestPackage => (lifeCycle === 'reverted' ? onTrial : resuming);

/** The status of each message, sent as a host that means well sends it. */
const sending: Record<string, (line: Line, lifeCycle: LifeCycle) => Promise<string | 0>> = {
  info: async (line) => line.try(0x01, none).status,
  acknowledge: async (line) => line.try(0x25, none).status,
  hello: async (line) => line.try(0x02, crypto.randomBytes(32)).status,
  'personalize-begin': async (line) => line.try(0x10, personalizeBegin(crypto.randomBytes(32))).status,
  'personalize-finish': async (line) => line.try(0x11, personalizeFinish(none, [])).status,
  // No option bytes: of a blank chip it changes none.
  'personalize-protect': async (line) => line.try(0x12, encodeCbor([])).status,
  'personalize-enrol': async (line) => line.try(0x13, crypto.randomBytes(32)).status,
  package: async (line, lifeCycle) => line.try(0x20, fitting(lifeCycle).headerBytes).status,
  license: async (line, lifeCycle) => {
    const sealed = fitting(lifeCycle);
    const accepted = line.try(0x20, sealed.headerBytes).status;
    if (accepted !== 0) return line.try(0x21, none).status;
    line.hello();
    return line.try(0x21, (await makeLicense(sealed, line.device!)).bundle).status;
  },
  record: async (line, lifeCycle) => {
    // Beside an application that stands, under policy trial only.
    const sealed = lifeCycle === 'installed' ? onTrial : fitting(lifeCycle);
    if (line.try(0x20, sealed.headerBytes).status === 0 && due('record', lifeCycle) === 0) {
      line.hello();
      line.license(await makeLicense(sealed, line.device!));
    }
    return line.tryRecord(0, sealed.records[0]!).status;
  },
  receipt: async (line) => line.try(0x24, crypto.randomBytes(32)).status,
  'agent-receipt': async (line) => line.try(0x27, crypto.randomBytes(32)).status,
  start: async (line) => line.try(0x26, none).status,
  recover: async (line, lifeCycle) =>
    lifeCycle === 'blank' ? line.try(0x30, none).status : (await recover(line, {})).status,
};

const lifeCycles: readonly LifeCycle[] = [
  ...(['blank', 'personalized', 'installing', 'installed', 'erased', 'trial', 'reverted'] as const),
];

describe.each(lifeCycles)('life cycle %s', (lifeCycle) => {
  it('is the one that the chip tells', async () => {
    expect((await chipIn(lifeCycle)).info().get(3)).toBe(lifeCycles.indexOf(lifeCycle));
  });

  it.each(Object.keys(sending))('%s', async (message) => {
    const line = await chipIn(lifeCycle);
    expect(await sending[message]!(line, lifeCycle)).toBe(due(message, lifeCycle));
  });

  it('a license without a package, and a record without a license, are out of place', async () => {
    const line = await chipIn(lifeCycle);
    expect(line.try(0x21, none).status).toBe('request-out-of-state');
    expect(line.tryRecord(0, new Uint8Array(100)).status).toBe('request-out-of-state');
  });
});

it('the page names every message that the agent serves, and every life cycle', () => {
  expect(new Set(table.keys())).toEqual(
    new Set(Object.keys(sending).flatMap((message) => lifeCycles.map((one) => `${message} ${one}`))),
  );
});
