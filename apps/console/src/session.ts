// Whose token the page has, and the one client that carries it. The token stays in memory; it survives a
// reload of the tab only where the person asked for that (sessionStorage, which ends with the tab).

import { AuthorityClient } from '@firmseal/authority-client';
import type { CallAnswer, TokenScope } from '@firmseal/authority-contract';
import { Secret, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { createContext, useContext } from 'react';

type Me = CallAnswer<'whoAmI'>;

export interface Session {
  readonly client: AuthorityClient;
  readonly me: Me;
  /** Address of the authority, for commands that a person copies. */
  readonly address: string;
  readonly may: (action: Action) => boolean;
  /** Ends the session; `why`: what the person is told. */
  readonly end: (why?: Error) => void;
}

/**
 * `change`: whatever an owner does. `read`: all that is shown. `sign`: an approver,
 * with a key that is elsewhere.
 */
type Action = 'change' | 'read' | 'sign';
const scopesOf: Readonly<Record<Action, readonly TokenScope[]>> = {
  change: ['owner'],
  read: ['owner', 'auditor'],
  sign: ['approver'],
};

const storageName = 'firmseal-console-token';

/** The authority serves this page at /console/ below its own address. */
const authorityAddress = (): string => new URL('..', document.baseURI).href.replace(/[?#].*$/, '');

/** Throws what the client throws: a text that is no token, a token that is refused, no answer. */
export async function signIn(text: string): Promise<Pick<Session, 'client' | 'me' | 'address' | 'may'>> {
  const address = authorityAddress();
  const token = new Secret(utf8(text.trim()));
  const client = new AuthorityClient({ address, token, clock: systemClock, attempts: 2 });
  const me = await client.call('whoAmI', {});
  return { client, me, address, may: (action) => scopesOf[action].includes(me.scope) };
}

export const keptToken = (): string | null => sessionStorage.getItem(storageName);
export const keepToken = (text: string): void => sessionStorage.setItem(storageName, text.trim());
export const forgetToken = (): void => sessionStorage.removeItem(storageName);

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('a page without a session');
  return session;
}
