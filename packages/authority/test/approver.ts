// A person who approves, for tests: a key of his own, delegated by the owner's root, and what he signs.

import { makeApproval, type Subject } from '@firmseal/approval';
import { type Bytes, fromHex, toBase64url } from '@firmseal/bytes';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { grantOf } from '@firmseal/formats';
import { type Owner, signerOf } from './owner.ts';
import type { Answer, TestAuthority } from './running-authority.ts';

export interface Signing {
  readonly threshold?: number;
  readonly product?: string;
  readonly job?: string;
  readonly issuedAtSeconds?: number;
  readonly validUntilSeconds?: number;
}

export class TestApprover {
  readonly #owner: Owner;
  readonly #key: KeyPair;
  readonly delegation: Bytes;

  private constructor(owner: Owner, key: KeyPair, delegation: Bytes) {
    this.#owner = owner;
    this.#key = key;
    this.delegation = delegation;
  }

  static async make(owner: Owner, more: { product?: string; epoch?: number } = {}): Promise<TestApprover> {
    const key = crypto.generateP256();
    return new TestApprover(owner, key, await owner.delegate('approver', key.publicKey, more));
  }

  /** Signs for two approvers unless told otherwise. */
  sign(job: string, subject: Subject, nowMs: number, more: Signing = {}): Promise<Bytes> {
    const { product } = this.#owner;
    const { publicKey } = this.#key;
    const grant = grantOf(crypto, { role: 'approver', publicKey, product, counterCap: 100 });
    const issuedAtSeconds = Math.floor(nowMs / 1000);
    return makeApproval(crypto, signerOf(this.#key), {
      ...{ product, threshold: 2, grant, issuedAtSeconds, subject },
      ...{ validUntilSeconds: issuedAtSeconds + 1000, ...more },
      jobId: fromHex(more.job ?? job),
    });
  }

  async approve(
    authority: TestAuthority,
    job: string,
    subject: Subject,
    more: Signing = {},
  ): Promise<Answer> {
    const approval = await this.sign(job, subject, authority.nowMs, more);
    return authority.asOwner('POST', '/v1/approvals', {
      approval: toBase64url(approval),
      delegation: toBase64url(this.delegation),
    });
  }
}
