// Where the person is: the fragment of the address, `#/jobs/0a1b?from=50`. It never leaves the browser.

import { useSyncExternalStore } from 'react';

export interface Route {
  /** Parts of the path, decoded: `['jobs', '0a1b']`. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return {
    path: path.split('/').filter(Boolean).map(decoded),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** An address of the page; fields without a value, and the first place of a list, are left out. */
export function linkTo(path: readonly string[], query: Query = {}): string {
  const fields = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== '' && value !== 0,
  );
  const text = new URLSearchParams(fields.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

const subscribe = (changed: () => void): (() => void) => {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
};

export const useHash = (): string => useSyncExternalStore(subscribe, () => location.hash);
export const go = (link: string): void => {
  location.hash = link;
};
