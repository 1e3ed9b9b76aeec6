// A command for the person's own terminal: for what needs a key, or a file, that no page should hold.

import { useState } from 'react';

/** A text that is selected and copied by a button. `label` tells what is copied. */
export function Copied({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).then(
      () => setDone(true),
      () => setDone(false),
    );
  };
  return (
    <div className="copied">
      <pre>
        <code>{text}</code>
      </pre>
      <button type="button" className="second" onClick={copy}>
        {done ? 'Copied' : `Copy ${label}`}
      </button>
    </div>
  );
}

/** As a shell takes it: words that hold anything else than plain letters are quoted. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
