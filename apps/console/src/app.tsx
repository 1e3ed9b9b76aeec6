// The frame: sign in, the pages that the token opens, colours, the page that the address names.

import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { AlarmsPage } from './pages/alarms.tsx';
import { ChipsPage } from './pages/chips.tsx';
import { JobPage } from './pages/job.tsx';
import { JobsPage } from './pages/jobs.tsx';
import { LedgerPage } from './pages/ledger.tsx';
import { LinesPage } from './pages/lines.tsx';
import { OwnJobPage } from './pages/own-job.tsx';
import { RecallPage } from './pages/recall.tsx';
import { ReceiptPage } from './pages/receipt.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { linkTo, type Route, readRoute, useHash } from './route.ts';
import { forgetToken, type Session, SessionContext, type signIn } from './session.ts';
import { type Theme, useTheme } from './theme.ts';

type SignedIn = Awaited<ReturnType<typeof signIn>>;

interface Place {
  readonly name: string;
  readonly title: string;
  readonly page: (route: Route, theme: Theme) => ReactNode;
}

const jobs: Place = {
  ...{ name: 'jobs', title: 'Jobs' },
  page: ({ path: [, job], query }) =>
    job === undefined ? <JobsPage query={query} /> : <JobPage key={job} job={job} query={query} />,
};
const alarms: Place = { name: 'alarms', title: 'Alarms', page: ({ query }) => <AlarmsPage query={query} /> };
const readers: readonly Place[] = [
  jobs,
  { name: 'lines', title: 'Lines', page: (_, theme) => <LinesPage theme={theme} /> },
  { name: 'chips', title: 'Chips', page: ({ query }) => <ChipsPage query={query} /> },
  {
    ...{ name: 'receipts', title: 'Receipts' },
    page: ({ path: [, receipt] }) => <ReceiptPage key={receipt} receipt={receipt} />,
  },
  { name: 'recall', title: 'Recall', page: ({ query }) => <RecallPage query={query} /> },
  { name: 'ledger', title: 'Ledger', page: ({ query }) => <LedgerPage query={query} /> },
  alarms,
];
const tokens: Place = { name: 'tokens', title: 'Tokens', page: ({ query }) => <TokensPage query={query} /> };
const own: Place = { name: 'job', title: 'My job', page: () => <OwnJobPage /> };

/** What each kind of token may look at; the authority holds the same. */
const placesOf: Readonly<Record<Session['me']['scope'], readonly Place[]>> = {
  owner: [...readers, tokens],
  auditor: readers,
  approver: [jobs, alarms],
  engineer: [jobs],
  line: [own],
  site: [own],
  update: [own],
};

export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>();
  const [why, setWhy] = useState<Error>();
  const { theme, next } = useTheme();
  const end = useCallback((reason?: Error) => {
    forgetToken();
    setSignedIn(undefined);
    setWhy(reason);
  }, []);
  const session = useMemo<Session | undefined>(() => signedIn && { ...signedIn, end }, [signedIn, end]);
  if (session === undefined)
    return (
      <Frame theme={theme} next={next}>
        <SignInPage why={why} done={setSignedIn} />
      </Frame>
    );
  return (
    <SessionContext value={session}>
      <SignedInFrame session={session} theme={theme} next={next} />
    </SessionContext>
  );
}

interface Colours {
  readonly theme: Theme;
  readonly next: () => void;
}

function SignedInFrame({ session, theme, next }: Colours & { session: Session }) {
  const route = readRoute(useHash());
  const places = placesOf[session.me.scope];
  const place = places.find(({ name }) => name === route.path[0]) ?? places[0]!;
  const main = useRef<HTMLElement>(null);
  const at = route.path.join('/');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the address
  useEffect(() => {
    main.current?.querySelector('h1')?.focus();
  }, [at, place.name]);
  useEffect(() => {
    document.title = `${place.title} · firmseal`;
  }, [place.title]);
  const links = (
    <nav className="places" aria-label="Pages">
      {places.map(({ name, title }) => (
        <a key={name} href={linkTo([name])} aria-current={name === place.name ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
  const person = (
    <div className="person">
      <span>
        {session.me.label} <span className="scope">{session.me.scope}</span>
      </span>
      <button type="button" className="second" onClick={() => session.end()}>
        Sign out
      </button>
    </div>
  );
  return (
    <Frame theme={theme} next={next} links={links} person={person}>
      <main id="main" ref={main}>
        {place.page(route, theme)}
      </main>
    </Frame>
  );
}

interface FrameProps extends Colours {
  readonly links?: ReactNode;
  readonly person?: ReactNode;
  readonly children: ReactNode;
}

function Frame({ theme, next, links, person, children }: FrameProps) {
  // An address with a fragment is a page here: the link to the content moves the focus by itself.
  const skip = () => document.querySelector<HTMLElement>('h1')?.focus();
  return (
    <>
      <button type="button" className="skip" onClick={skip}>
        Go to the content
      </button>
      <header>
        <span className="brand">firmseal</span>
        {links}
        {person}
        <button type="button" className="second" onClick={next}>
          {theme === 'dark' ? 'Light colours' : 'Dark colours'}
        </button>
      </header>
      {children}
    </>
  );
}
