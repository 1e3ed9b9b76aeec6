// A field of a search, with its name above it.

import { useId } from 'react';

export function SearchField({ label, name, value }: { label: string; name: string; value: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} name={name} defaultValue={value} maxLength={100} autoComplete="off" spellCheck={false} />
    </div>
  );
}
