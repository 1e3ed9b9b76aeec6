// A question to the person, as the browser's own modal dialog: it keeps the focus, and Escape closes it.

import type { Fault } from '@firmseal/fault';
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { asFault } from '../use-call.ts';
import { FaultNote } from './notes.tsx';

interface DialogProps {
  readonly title: string;
  /** Text of the button that acts; left out: there is nothing to do but to close. */
  readonly action?: string;
  readonly dangerous?: boolean;
  readonly close: () => void;
  /** Resolves when it is done; the dialog closes then. What it rejects with is shown. */
  readonly act?: (fields: FormData) => Promise<void>;
  readonly children: ReactNode;
}

export function Dialog({ title, action, dangerous = false, close, act, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (act === undefined) return close();
    setBusy(true);
    try {
      await act(new FormData(event.currentTarget));
      close();
    } catch (error) {
      setFault(asFault(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onCancel={close}>
      <form onSubmit={submit}>
        <h2 id={titleId}>{title}</h2>
        {children}
        <FaultNote fault={fault} />
        <div className="buttons">
          {action === undefined ? null : (
            <button type="submit" className={dangerous ? 'dangerous' : ''} disabled={busy}>
              {action}
            </button>
          )}
          <button type="button" className="second" onClick={close}>
            {action === undefined ? 'Close' : 'Cancel'}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
  readonly value?: string;
  readonly type?: 'text' | 'number';
  readonly pattern?: string;
  readonly mostLength?: number;
  readonly required?: boolean;
  readonly least?: number;
  readonly most?: number;
}

export function Field(props: FieldProps) {
  const {
    label,
    name,
    hint,
    value = '',
    type = 'text',
    pattern,
    mostLength,
    required = true,
    least,
    most,
  } = props;
  const id = useId();
  const hintId = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...{ id, name, type, required, pattern, min: least, max: most, maxLength: mostLength }}
        defaultValue={value}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : hintId}
      />
      {hint === undefined ? null : (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A text of a form, without space around it. */
export const fieldOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim();
