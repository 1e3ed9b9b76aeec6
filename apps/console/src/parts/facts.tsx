// Names and values, times, digests, shares of a quota.

import { toHex } from '@firmseal/bytes';
import type { ReactNode } from 'react';
import { countText, shortHex, timeText, utcText } from '../format.ts';

/** Rows without a value are left out. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export const Time = ({ atMs }: { atMs: number }) => (
  <time dateTime={utcText(atMs)} title={utcText(atMs)}>
    {timeText(atMs)}
  </time>
);

/** An id or a digest; `short` shows its first digits, and all of them in the title. */
export function Hex({ bytes, short = false }: { bytes: Uint8Array; short?: boolean }) {
  const text = toHex(bytes);
  return short ? <code title={text}>{shortHex(bytes)}</code> : <code className="whole">{text}</code>;
}

/** Large figures in a row. */
export function Tiles({
  tiles,
}: {
  tiles: readonly (readonly [name: string, value: ReactNode, kind?: string])[];
}) {
  return (
    <dl className="tiles">
      {tiles.map(([name, value, kind = '']) => (
        <div key={name} className={kind}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface BarProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  /** Units in words; the numbers when left out. */
  readonly text?: string;
}

export function Bar({ label, value, most, text = `${countText(value)} of ${countText(most)}` }: BarProps) {
  const percent = most === 0 ? 0 : Math.min(100, (100 * value) / most);
  return (
    <div className="bar">
      <div
        className="track"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={Math.min(value, most)}
        aria-valuetext={text}
      >
        <div className="fill" style={{ width: `${percent}%` }} />
      </div>
      <span className="share" aria-hidden="true">
        {text}
      </span>
    </div>
  );
}
