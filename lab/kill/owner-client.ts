// The owner's commands over the authority's HTTP API, each one call, repeated by nobody: whether a repeat is
// right is what the campaign looks at.

import { toBase64url } from '@firmseal/bytes';
import type { SealedPackage } from './owner.ts';

export type Answer = Readonly<Record<string, unknown>>;

/** An answer with a fault: what the authority refused, by name. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the authority refused: ${code}`);
    this.code = code;
  }
}

/** `header` and `contentKeyFile` as the routes take them. */
export const packageBody = ({ header, contentKeyFile }: SealedPackage) => ({
  header: toBase64url(header),
  contentKeyFile: toBase64url(contentKeyFile),
});

export class OwnerClient {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Rejects with Refused, or with whatever the transport says when the other side dies. */
  async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer;
    if (!response.ok) throw new Refused(String(answer['code']));
    return answer;
  }

  post(path: string, body?: object): Promise<Answer> {
    return this.call('POST', path, body);
  }

  async openJob(sealed: SealedPackage, quota: number): Promise<string> {
    return String((await this.post('/v1/jobs', { ...packageBody(sealed), quota }))['job']);
  }

  approve(job: string): Promise<Answer> {
    return this.post(`/v1/jobs/${job}/approve`);
  }

  async lineToken(job: string): Promise<{ tokenId: string; token: string }> {
    const { tokenId, token } = await this.post(`/v1/jobs/${job}/tokens`, { label: 'line' });
    return { tokenId: String(tokenId), token: String(token) };
  }
}
