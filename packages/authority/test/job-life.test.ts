// The whole life of a job as a model (fast-check): approvals by two of two, packages, licenses up to a quota,
// voids, time that ends approvals, restarts, the close. The model says what each request must be answered
// with; at the end an audit by the owner's own keys finds no contradiction.

import type { Subject } from '@firmseal/approval';
import { toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { TestApprover } from './approver.ts';
import type { TestChip } from './chip.ts';
import type { SealedForJob } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

const quota = 2;
const lifeSeconds = 1000;
const people = [0, 1] as const;
type Person = (typeof people)[number];

let authority: TestAuthority;
let approvers: readonly TestApprover[];
let chips: readonly TestChip[];
let packages: readonly SealedForJob[];
beforeAll(async () => {
  authority = await TestAuthority.start({ approvers: 2 });
  const { owner } = authority;
  approvers = await Promise.all(people.map(() => TestApprover.make(owner)));
  chips = await Promise.all([0, 1, 2].map(() => authority.chip()));
  packages = await Promise.all([6, 7].map((securityCounter) => owner.seal({ securityCounter })));
});
afterAll(() => authority.remove());

/** Approver to the second until which his word counts. */
type Word = Map<Person, number>;

interface Model {
  state: 'open' | 'approved' | 'closed';
  readonly order: Word;
  readonly packages: { readonly digest: string; readonly words: Word; approved: boolean }[];
  /** What was approved as it stands, by text, so that a repeat is known. */
  readonly said: Map<string, number>;
  /** Chip to whether its unit is voided. */
  readonly units: Map<number, boolean>;
  /** In the order of their indexes. */
  readonly indexes: number[];
}

interface Real {
  readonly opened: OpenedJob;
  readonly digests: Uint8Array<ArrayBuffer>[];
}

const nowSeconds = () => Math.floor(authority.nowMs / 1000);
const holds = (word: Word) => people.every((one) => (word.get(one) ?? 0) >= nowSeconds());
const taken = ({ units }: Model) => [...units.values()].filter((voided) => !voided).length;
const owned = (path: string, body?: unknown) => authority.asOwner('POST', path, body);
const jobPath = ({ opened }: Real, rest: string) => `/v1/jobs/${opened.job}${rest}`;

/** Signs and sends; the model knows what is said twice. */
async function say(model: Model, real: Real, person: Person, subject: Subject): Promise<boolean> {
  const digests = subject.kind === 'order' ? subject.packages.map(toHex).join() : '';
  const { kind } = subject;
  const detail = kind === 'void' ? `${subject.unitIndex} ${subject.reason}` : digests;
  const about = kind === 'package' ? toHex(subject.manifestDigest) : detail;
  const name = `${person} ${kind} ${about}`;
  const answer = await approvers[person]!.approve(authority, real.opened.job, subject);
  if ((model.said.get(name) ?? 0) >= nowSeconds()) {
    // The same second signs the same object, which is no second word.
    expect(['approval-repeated', undefined]).toContain(answer.body.code);
    return false;
  }
  expect(answer.body).toMatchObject({ kind, needed: 2 });
  model.said.set(name, nowSeconds() + lifeSeconds);
  return true;
}

type Step = fc.AsyncCommand<Model, Real>;
const step = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Step => ({ check, run, toString: () => name });

const approveOrder = (person: Person): Step =>
  step(`approver ${person} signs the order`, async (model, real) => {
    const order = { kind: 'order', quota, mode: 'session', accepts: [], packages: real.digests } as const;
    if (!(await say(model, real, person, order))) return;
    const until = nowSeconds() + lifeSeconds;
    for (const word of [model.order, ...model.packages.map(({ words }) => words)]) word.set(person, until);
  });

const approvePackage = (person: Person): Step =>
  step(`approver ${person} signs the newest package`, async (model, real) => {
    const manifestDigest = real.digests.at(-1)!;
    if (await say(model, real, person, { kind: 'package', manifestDigest }))
      model.packages.at(-1)!.words.set(person, nowSeconds() + lifeSeconds);
  });

const openJob = step('the owner approves the job', async (model, real) => {
  const { status, body } = await owned(jobPath(real, '/approve'));
  const isCovered = [model.order, ...model.packages.map(({ words }) => words)].every(holds);
  const isOpened = model.state !== 'closed' && isCovered;
  expect([status === 200, body.code]).toEqual([isOpened, isOpened ? undefined : body.code]);
  if (!isOpened) {
    const codes =
      model.state === 'closed'
        ? ['job-closed']
        : ['approvals-missing', 'approval-expired', 'approval-repeated'];
    expect(codes).toContain(body.code);
    return;
  }
  model.state = 'approved';
  for (const item of model.packages) item.approved = true;
});

const addPackage = step(
  'the owner adds a package',
  async (model, real) => {
    const sealed = packages[model.packages.length - 1]!;
    const files = { header: toBase64url(sealed.header), contentKeyFile: toBase64url(sealed.contentKeyFile) };
    const { status } = await owned(jobPath(real, '/packages'), files);
    expect(status).toBe(model.state === 'closed' ? 409 : 201);
    if (model.state === 'closed') return;
    real.digests.push(sealed.manifest.digest);
    model.packages.push({ digest: toHex(sealed.manifest.digest), words: new Map(), approved: false });
  },
  ({ packages: items }) => items.length <= packages.length,
);

/** The code that a request for a license must be refused with; undefined: it gets one. */
function refusalOf(model: Model, chip: number): readonly string[] | undefined {
  if (model.state === 'open') return ['job-not-approved'];
  if (model.state === 'closed') return ['job-closed'];
  const item = model.packages.findLast(({ approved }) => approved)!;
  if (!holds(model.order) || !holds(item.words))
    return ['approvals-missing', 'approval-expired', 'approval-repeated'];
  if (model.units.get(chip) === false || taken(model) < quota) return undefined;
  return ['quota-exhausted'];
}

const license = (chip: number): Step =>
  step(`chip ${chip} asks for a license`, async (model, real) => {
    const refusal = refusalOf(model, chip);
    const { opened } = real;
    const given = await authority.call('POST', jobPath(real, '/challenge'), { token: opened.line, body: {} });
    if (given.status !== 200) {
      expect(refusal).toContain(given.body.code);
      return;
    }
    const device = chips[chip]!;
    device.reset();
    const answer = await authority.license(opened, device);
    expect([answer.status, answer.body.code]).toEqual([
      refusal === undefined ? 200 : 409,
      refusal === undefined ? undefined : expect.toBeOneOf([...refusal]),
    ]);
    if (refusal !== undefined) return;
    expect(answer.body.newUnit).toBe(model.units.get(chip) !== false);
    if (!model.units.has(chip)) model.indexes.push(chip);
    expect(answer.body.unitIndex).toBe(model.indexes.indexOf(chip));
    model.units.set(chip, false);
  });

const voidUnit = (unitIndex: number, signers: readonly Person[]): Step =>
  step(
    `unit ${unitIndex} is voided, signed by ${signers.length}`,
    async (model, real) => {
      const chip = model.indexes[unitIndex]!;
      const reason = `broken ${nowSeconds()} ${signers.length}`;
      const { thumbprint } = chips[chip]!;
      for (const one of signers) await say(model, real, one, { kind: 'void', unitIndex, thumbprint, reason });
      const path = jobPath(real, `/units/${unitIndex}/void`);
      const key = toBase64url(crypto.randomBytes(32));
      const send = () => authority.call('POST', path, { token: authority.ownerToken, body: { reason }, key });
      const answer = await send();
      const isVoidable = signers.length === 2 && model.units.get(chip) === false;
      expect([answer.status === 200, answer.body.code]).toEqual([
        isVoidable,
        isVoidable ? undefined : answer.body.code,
      ]);
      if (!isVoidable) return;
      expect(await send()).toEqual(answer);
      model.units.set(chip, true);
    },
    ({ indexes }) => unitIndex < indexes.length,
  );

const close = (signers: readonly Person[]): Step =>
  step(
    `the job is closed, signed by ${signers.length}`,
    async (model, real) => {
      for (const one of signers) await say(model, real, one, { kind: 'close' });
      const isSigned = people.every((one) => (model.said.get(`${one} close `) ?? 0) >= nowSeconds());
      const { status } = await owned(jobPath(real, '/close'));
      expect(status).toBe(isSigned ? 200 : 409);
      if (!isSigned) return;
      model.state = 'closed';
      expect((await authority.asOwner('GET', jobPath(real, '/end'))).status).toBe(200);
    },
    ({ state }) => state !== 'closed',
  );

const wait = step('most of the life of an approval passes', async () => {
  authority.nowMs += 600_000;
});

const restart = step('the authority is restarted', async () => {
  await authority.halt();
  await authority.run();
});

const looks = step('the owner looks', async (model, real) => {
  const shown = await authority.showJob(real.opened.job);
  const voided = model.units.size - taken(model);
  expect(shown).toMatchObject({
    state: model.state,
    units: taken(model),
    voided,
    remaining: quota - taken(model),
  });
  expect(shown.units).toBeLessThanOrEqual(quota);
});

const steps = [
  ...people.flatMap((one) => [fc.constant(approveOrder(one)), fc.constant(approveOrder(one))]),
  ...people.map((one) => fc.constant(approvePackage(one))),
  ...[fc.constant(openJob), fc.constant(openJob), fc.constant(addPackage)],
  ...[0, 1, 2, 0, 1, 2].map((chip) => fc.constant(license(chip))),
  ...[0, 1].flatMap((unit) => [fc.constant(voidUnit(unit, [0])), fc.constant(voidUnit(unit, [0, 1]))]),
  ...[fc.constant(close([1])), fc.constant(close([0, 1])), fc.constant(wait), fc.constant(wait)],
  ...[fc.constant(looks), fc.constant(restart)],
];

async function begin(): Promise<{ model: Model; real: Real }> {
  const opened = await authority.openJob({ approve: false, quota });
  const { digest } = opened.sealed.manifest;
  const model: Model = {
    ...{ state: 'open', order: new Map(), said: new Map(), units: new Map(), indexes: [] },
    packages: [{ digest: toHex(digest), words: new Map(), approved: false }],
  };
  return { model, real: { opened, digests: [digest] } };
}

it('a job lives as its model does, and an audit finds no contradiction', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(3),
      fc.commands(steps, { maxCommands: 30, size: 'max' }),
      async (fresh, commands) => {
        const start = await begin();
        // Most jobs are opened in the usual way first, so that what comes after it is met often.
        const usual = fresh === 0 ? [] : [approveOrder(0), approveOrder(1), openJob];
        for (const one of usual) await one.run(start.model, start.real);
        await fc.asyncModelRun(() => start, commands);
        await looks.run(start.model, start.real);
      },
    ),
    { numRuns: sampled(300, 14), ...sampled({}, { seed: 17 }), endOnFailure: true },
  );
  expect((await authority.audit()).findings).toEqual([]);
}, 600_000);
