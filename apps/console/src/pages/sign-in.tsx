// The token of the person: typed, pasted, or from its file. It goes into no address and no log.

import type { Fault } from '@firmseal/fault';
import { type ChangeEvent, type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { Heading } from '../parts/heading.tsx';
import { FaultNote } from '../parts/notes.tsx';
import { forgetToken, keepToken, keptToken, signIn } from '../session.ts';
import { asFault } from '../use-call.ts';

interface SignInProps {
  /** Why the session before ended. */
  readonly why: Error | undefined;
  readonly done: (session: Awaited<ReturnType<typeof signIn>>) => void;
}

const mostTokenFileBytes = 1024;

export function SignInPage({ why, done }: SignInProps) {
  const [fault, setFault] = useState<Fault | undefined>(why && asFault(why));
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const ids = { token: useId(), hint: useId(), file: useId(), keep: useId() };
  const enter = async (text: string, keep: boolean) => {
    setBusy(true);
    try {
      const session = await signIn(text);
      if (keep) keepToken(text);
      done(session);
    } catch (error) {
      forgetToken();
      setFault(asFault(error));
      setBusy(false);
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    document.title = 'Sign in · firmseal';
    const kept = keptToken();
    if (kept !== null) void enter(kept, true);
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    void enter(String(fields.get('token') ?? ''), fields.get('keep') === 'on');
  };
  const take = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const file = currentTarget.files?.[0];
    if (file !== undefined && file.size <= mostTokenFileBytes)
      field.current!.value = (await file.text()).trim();
  };
  return (
    <main id="main" className="narrow">
      <Heading>Sign in</Heading>
      <p>
        This authority knows people by their access token. An owner makes one with{' '}
        <code>firmseal token new</code>, or on the page Tokens.
      </p>
      <form onSubmit={submit} className="panel">
        <div className="field">
          <label htmlFor={ids.token}>Access token</label>
          <input
            ref={field}
            id={ids.token}
            name="token"
            type="password"
            required
            autoComplete="off"
            spellCheck={false}
            aria-describedby={ids.hint}
          />
          <p className="hint" id={ids.hint}>
            It begins with fso_, fsa_, fse_, fsp_ or fsl_, and stays in the memory of this tab.
          </p>
        </div>
        <div className="field">
          <label htmlFor={ids.file}>Or take it from its file</label>
          <input id={ids.file} type="file" onChange={take} />
        </div>
        <div className="check">
          <input id={ids.keep} name="keep" type="checkbox" />
          <label htmlFor={ids.keep}>Stay signed in when this tab is reloaded, until it is closed</label>
        </div>
        <FaultNote fault={fault} />
        <div className="buttons">
          <button type="submit" disabled={busy}>
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
}
