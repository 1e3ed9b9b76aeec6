// Tables and the way through long lists: a page of rows at a time, so that ten thousand are as quick as ten.

import type { ReactNode } from 'react';
import { linkTo, type Query } from '../route.ts';

export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ReactNode;
  readonly kind?: 'number' | 'wide';
}

interface TableProps<T> {
  /** Read by screen readers, and shown. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Shown in place of an empty table. */
  readonly empty: ReactNode;
}

export function Table<T>({ caption, columns, rows, keyOf, empty }: TableProps<T>) {
  if (rows.length === 0) return <p className="empty">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard too
    <section className="scroll" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, kind, cell }) => (
                <td key={name} className={kind}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface PagerProps {
  readonly path: readonly string[];
  readonly query?: Query;
  readonly from: number;
  readonly size: number;
  readonly shown: number;
  readonly more: boolean;
  readonly total?: number;
}

/** Links to the page before and after; the place stands in the address, so that Back works. */
export function Pager({ path, query = {}, from, size, shown, more, total }: PagerProps) {
  if (from === 0 && !more) return null;
  const whole = total === undefined ? '' : ` of ${total}`;
  return (
    <nav className="pager" aria-label="Pages of the list">
      {from > 0 ? (
        <a href={linkTo(path, { ...query, from: Math.max(0, from - size) })}>Previous</a>
      ) : (
        <span aria-hidden="true">Previous</span>
      )}
      <span>
        {shown === 0 ? 'no rows' : `${from + 1} to ${from + shown}`}
        {whole}
      </span>
      {more ? (
        <a href={linkTo(path, { ...query, from: from + size })}>Next</a>
      ) : (
        <span aria-hidden="true">Next</span>
      )}
    </nav>
  );
}

/** A place in a list from the address; 0 when the address names no place. */
export const placeOf = (text: string | undefined): number => {
  const place = Number(text ?? '0');
  return Number.isSafeInteger(place) && place >= 0 && place <= 0x7fffffff ? place : 0;
};
