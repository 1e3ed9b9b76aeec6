// What a page tells in a sentence: a fault with its remedy, a result, that it waits.

import { type Fault, faultLabel } from '@firmseal/fault';
import { Fragment, type ReactNode } from 'react';

/** The table of errors sets commands between backticks. */
const withCommands = (text: string): ReactNode =>
  text.split('`').map((part, index) => {
    const key = `${index} ${part}`;
    return index % 2 === 1 ? <code key={key}>{part}</code> : <Fragment key={key}>{part}</Fragment>;
  });

export function FaultNote({ fault }: { fault: Fault | undefined }) {
  if (fault === undefined) return null;
  return (
    <div className="note bad" role="alert">
      <p className="what">{fault.message}</p>
      <p>{withCommands(fault.remedy)}</p>
      <p className="code">
        {faultLabel(fault.code)} {fault.code}
      </p>
    </div>
  );
}

/** `done` is empty while nothing was done: screen readers hear what comes into it. */
export function DoneNote({ done }: { done: ReactNode }) {
  return (
    <div className={done ? 'note good' : 'quiet'} role="status">
      {done}
    </div>
  );
}

export const Waiting = () => (
  <p className="waiting" role="status">
    Asking the authority …
  </p>
);

/** The name of a state, with a colour that says the same. */
export function Badge({ text, kind = 'plain' }: { text: string; kind?: 'plain' | 'good' | 'bad' | 'busy' }) {
  return <span className={`badge ${kind}`}>{text}</span>;
}
