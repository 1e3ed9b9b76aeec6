// The example of README.md, run as it stands there, and what does not count.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { grantOf, makeDelegation, verifyAuthority } from '@firmseal/formats';
import { expect, it } from 'vitest';
import { type Approval, makeApproval, subjectDigest, verifyApproval } from './approval.ts';
import { makeApprovalPolicy, verifyApprovalPolicy } from './approval-policy.ts';
import { makeJobEnd, verifyJobEnd } from './job-end.ts';
import { countApprovers, coversOrder, coversPackage, coversThing, requireQuorum } from './quorum.ts';

const product = 'pump';
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const pair = () => {
  const { publicKey, privateKey } = crypto.generateP256();
  return { publicKey, sign: async (message: Uint8Array) => crypto.signEs256(privateKey, message) };
};
const root = pair();
const rootPublicKey = root.publicKey;
const approverOf = async (of = product, role: 'approver' | 'license-issuer' = 'approver') => {
  const signer = pair();
  const given = { role, publicKey: signer.publicKey, product: of, counterCap: 9, epoch: 0 };
  return { signer, grant: grantOf(crypto, given), delegation: await makeDelegation(crypto, root, given) };
};

const jobId = filled(16, 1);
const [manifestDigest, otherDigest] = [filled(32, 2), filled(32, 3)];
const subject = {
  ...{ kind: 'order' as const, quota: 5, mode: 'session' as const, accepts: ['ENROLLED' as const] },
  packages: [manifestDigest],
};
const atMs = 1_800_000_000_000;
const [issuedAtSeconds, validUntilSeconds] = [1_700_000_000, 1_900_000_000];
const job = toHex(jobId);
const common = { product, threshold: 2, jobId, issuedAtSeconds, validUntilSeconds, subject };

type Person = Awaited<ReturnType<typeof approverOf>>;
const approve = async ({ signer, grant, delegation }: Person, more: Partial<Approval> = {}) => {
  const approval = await makeApproval(crypto, signer, { ...common, grant, ...more });
  return verifyApproval(crypto, { approval, delegation }, { rootPublicKey, product });
};
const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
  } catch (fault) {
    return fault instanceof Fault ? fault.code : String(fault);
  }
  return undefined;
};

it('the example of the README', async () => {
  const { signer: approver, grant, delegation } = await approverOf();
  const policy = await makeApprovalPolicy(crypto, root, { product, threshold: 2, number: 1 });
  const { threshold } = verifyApprovalPolicy(crypto, policy, { rootPublicKey, product });

  const asked = { product, threshold, grant, jobId, issuedAtSeconds, validUntilSeconds, subject };
  const approval = await makeApproval(crypto, approver, asked);
  const verified = verifyApproval(crypto, { approval, delegation }, { rootPublicKey, product });

  const question = { threshold, jobId, atMs, covers: coversPackage(manifestDigest) };
  const quorum = countApprovers([verified], question);
  expect(codeOf(() => requireQuorum(quorum, { job, what: 'package' }))).toBe('approvals-missing');
  const both = countApprovers([verified, await approve(await approverOf())], question);
  requireQuorum(both, { job, what: 'package' });
});

it('counts each approver once, and only who approved this job, to this day, knowing how many sign', async () => {
  const [ann, ben] = [await approverOf(), await approverOf()];
  const first = await approve(ann);
  const outcome = (second: Awaited<ReturnType<typeof approve>>, covers = coversPackage(manifestDigest)) =>
    codeOf(() =>
      requireQuorum(countApprovers([first, second], { threshold: 2, jobId, atMs, covers }), {
        ...{ job, what: 'package' },
      }),
    );
  expect(outcome(await approve(ben))).toBeUndefined();
  expect(outcome(await approve(ann, { issuedAtSeconds: 1_700_000_001 }))).toBe('approval-repeated');
  expect(outcome(await approve(ben, { validUntilSeconds: 1_799_999_999 }))).toBe('approval-expired');
  expect(outcome(await approve(ben, { validUntilSeconds: 1_800_000_000 }))).toBeUndefined();
  expect(outcome(await approve(ben, { threshold: 1 }))).toBe('approval-wrong');
  expect(outcome(await approve(ben, { jobId: filled(16, 9) }))).toBe('approval-wrong');
  const other = { ...subject, packages: [otherDigest] };
  expect(outcome(await approve(ben, { subject: other }))).toBe('approvals-missing');
  const added = { kind: 'package' as const, manifestDigest };
  expect(outcome(await approve(ben, { subject: added }))).toBeUndefined();
  expect(outcome(await approve(ben, { subject: added }), coversOrder(subject))).toBe('approvals-missing');
  expect(outcome(await approve(ben, { subject: other }), coversOrder(subject))).toBeUndefined();
  const more = { ...subject, quota: 6 };
  expect(outcome(await approve(ben, { subject: more }), coversOrder(subject))).toBe('approvals-missing');
});

it('takes a void for exactly the one that was signed', async () => {
  const ann = await approverOf();
  const subject = { kind: 'void' as const, unitIndex: 3, thumbprint: filled(32, 7), reason: 'broken' };
  const signed = await approve(ann, { subject });
  const given = (asked: typeof subject) =>
    countApprovers([signed], { threshold: 2, jobId, atMs, covers: coversThing(asked) }).given;
  expect(given(subject)).toBe(1);
  expect(given({ ...subject, unitIndex: 4 })).toBe(0);
  expect(given({ ...subject, reason: 'lost' })).toBe(0);
  expect(given({ ...subject, thumbprint: filled(32, 8) })).toBe(0);
  expect(subjectDigest(crypto, signed)).toEqual(subjectDigest(crypto, { product, jobId, subject }));
});

it('refuses who was not delegated as an approver of the product', async () => {
  const one = { ...common, grant: filled(32, 0) };
  const refusal = async (person: Person, more: Partial<Approval> = {}) => {
    const approval = await makeApproval(crypto, person.signer, { ...one, grant: person.grant, ...more });
    const { delegation } = person;
    return codeOf(() => verifyApproval(crypto, { approval, delegation }, { rootPublicKey, product }));
  };
  expect(await refusal(await approverOf('valve'))).toBe('delegation-product-wrong');
  expect(await refusal(await approverOf(product, 'license-issuer'))).toBe('delegation-role-wrong');
  expect(await refusal(await approverOf(), { product: 'valve' })).toBe('approval-wrong');
  expect(await refusal(await approverOf(), { grant: filled(32, 1) })).toBe('approval-wrong');
  const [ann, ben] = [await approverOf(), await approverOf()];
  expect(await refusal({ ...ann, signer: ben.signer })).toBe('approval-signature-invalid');
});

it('refuses a policy of another root or product', async () => {
  const policy = await makeApprovalPolicy(crypto, root, { product, threshold: 1, number: 1 });
  const read = (rootKey: Uint8Array, of: string) =>
    codeOf(() => verifyApprovalPolicy(crypto, policy, { rootPublicKey: rootKey, product: of }));
  expect(read(rootPublicKey, product)).toBeUndefined();
  expect(read(pair().publicKey, product)).toBe('approval-policy-signature-invalid');
  expect(read(rootPublicKey, 'valve')).toBe('approval-policy-product-wrong');
});

it('certifies the end of a job', async () => {
  const { signer, delegation } = await approverOf(product, 'license-issuer');
  const trust = { rootPublicKey, product, role: 'license-issuer' as const };
  const { digest } = verifyAuthority(crypto, { delegation }, trust).delegate;
  const facts = { quota: 5, units: 4, voided: 1, licenses: 6, installed: 3, atSeconds: 7 };
  const end = await makeJobEnd(crypto, signer, { product, jobId, ...facts, delegationDigest: digest });
  expect(verifyJobEnd(crypto, { end, delegation }, { rootPublicKey, product })).toMatchObject(facts);
  const altered = Uint8Array.from(end);
  altered[altered.length - 70]! ^= 1;
  expect(codeOf(() => verifyJobEnd(crypto, { end: altered, delegation }, { rootPublicKey, product }))).toBe(
    'job-end-signature-invalid',
  );
});
