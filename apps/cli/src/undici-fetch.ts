// `fetch` with TLS files of its own, by npm's undici. A module for itself: it is loaded by those who need it
// alone, since it doubles what a command has to read; and its names are taken from the package by name, which
// a bundle of it keeps.

import { Agent, fetch as fetchWith } from 'undici';

/** PEM texts. */
export interface TlsTexts {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export function makeFetch(connect: TlsTexts): typeof fetch {
  const dispatcher = new Agent({ connect });
  return (input, init) =>
    fetchWith(input as string, { ...init, dispatcher } as object) as unknown as Promise<Response>;
}
