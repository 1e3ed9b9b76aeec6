// The owner's commands over the one client of the authority, each one call, repeated by nobody: whether a
// repeat is right, the campaign judges.

import { AuthorityClient, accessForJob, type LineAccess } from '@firmseal/authority-client';
import { type Bytes, Secret, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import type { SealedPackage } from './owner.ts';

const clientOf = (address: string, token: string) =>
  new AuthorityClient({ address, token: new Secret(utf8(token)), clock: systemClock, attempts: 1 });

/** `header` and `contentKeyFile` as the interface takes them. */
export const packageFiles = ({ header, contentKeyFile }: SealedPackage) => ({ header, contentKeyFile });

export class OwnerClient {
  readonly #url: string;
  readonly #client: AuthorityClient;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#client = clientOf(url, token);
  }

  get call(): AuthorityClient['call'] {
    return (name, input) => this.#client.call(name, input);
  }

  async openJob(sealed: SealedPackage, quota: number): Promise<Bytes> {
    return (await this.call('openJob', { ...packageFiles(sealed), quota })).job;
  }

  lineToken(job: Bytes): Promise<{ tokenId: string; token: string }> {
    return this.call('createLineToken', { job, label: 'line' });
  }

  /** The authority as a line with this token sees it. */
  line(job: Bytes, token: string): LineAccess {
    return accessForJob(clientOf(this.#url, token), job);
  }
}

/** The code of a refusal; undefined for what a transport says when the other side dies. */
export const refusalOf = (cause: unknown): string | undefined =>
  cause instanceof Fault && cause.fields['from'] === 'authority' ? cause.code : undefined;
