// The log, entry by entry. The page recomputes the hashes of what it shows; the whole chain on request.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Fault } from '@firmseal/fault';
import type { LogFields } from '@firmseal/ledger';
import { useEffect, useState } from 'react';
import { countText, plural } from '../format.ts';
import { Facts, Hex, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { Badge, DoneNote, FaultNote, Waiting } from '../parts/notes.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import { linkTo, type Route } from '../route.ts';
import { type Asked, asFault, useCall, useSend } from '../use-call.ts';
import type { ReadEntry } from '../verify.ts';

const pageSize = 50;
const chainPageSize = 200;

const links: Readonly<Record<string, (value: string) => string>> = {
  job: (value) => linkTo(['jobs', value]),
  thumbprint: (value) => linkTo(['chips'], { thumbprint: value }),
};

function Value({ name, kind, value }: { name: string; kind: string; value: LogFields[string] }) {
  if (name === 'expires' && typeof value === 'number') return <Time atMs={value} />;
  if (!(value instanceof Uint8Array)) return String(value);
  const hex = toHex(value);
  const link =
    links[name]?.(hex) ??
    (name === 'receipt' && kind === 'receipt-stored' ? linkTo(['receipts', hex]) : undefined);
  const text = <code title={hex}>{hex.slice(0, 12)}</code>;
  return link === undefined ? text : <a href={link}>{text}</a>;
}

const columns: readonly Column<ReadEntry>[] = [
  { name: 'Entry', kind: 'number', cell: ({ sequence }) => countText(sequence) },
  { name: 'At', cell: ({ timeMs }) => (timeMs === undefined ? '' : <Time atMs={timeMs} />) },
  { name: 'What', cell: ({ kind }) => <strong>{kind}</strong> },
  {
    ...{ name: 'Fields', kind: 'wide' },
    cell: ({ fields, kind }) => (
      <ul className="fields">
        {Object.entries(fields).map(([name, value]) => (
          <li key={name}>
            {name} <Value name={name} kind={kind} value={value} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    name: 'Hash',
    cell: ({ chained }) =>
      chained === undefined ? (
        ''
      ) : (
        <Badge text={chained ? 'follows' : 'BROKEN'} kind={chained ? 'good' : 'bad'} />
      ),
  },
];

/** The first entry of a page is held against the entry before it, which is read too. */
function useEntries(answer: Asked<'listLog'>['answer'], from: number): ReadEntry[] | undefined {
  const [read, setRead] = useState<ReadEntry[]>();
  useEffect(() => {
    let current = true;
    if (answer === undefined) setRead(undefined);
    else
      void import('../verify.ts').then(({ readEntries, headOfEmptyLog }) => {
        const before: Bytes | undefined = from === 0 ? headOfEmptyLog : undefined;
        const entries = readEntries(answer.entries, before).filter(({ sequence }) => sequence >= from);
        if (current) setRead(entries.slice(0, pageSize));
      });
    return () => {
      current = false;
    };
  }, [answer, from]);
  return read;
}

export function LedgerPage({ query }: Pick<Route, 'query'>) {
  const from = placeOf(query['from']);
  const { answer, fault } = useCall('listLog', { from: Math.max(0, from - 1), limit: pageSize + 1 });
  const entries = useEntries(answer, from);
  return (
    <>
      <Heading>Ledger</Heading>
      <p>
        Everything that this authority did, in its order. Each hash covers the entry and all before it. Note
        the number of entries and the head elsewhere, and a log that was shortened or rewritten shows.
      </p>
      <FaultNote fault={fault} />
      {answer === undefined || entries === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <Facts
            rows={[
              ['Entries', countText(answer.size)],
              ['Head', <Hex key="head" bytes={answer.head} />],
            ]}
          />
          <WholeLog size={answer.size} head={toHex(answer.head)} />
          <p>
            <a href={linkTo(['ledger'], { from: Math.max(0, answer.size - pageSize) })}>Newest entries</a>
          </p>
          <Table
            caption="Entries of the log"
            columns={columns}
            rows={entries}
            keyOf={({ sequence }) => String(sequence)}
            empty="There is no entry from this place on."
          />
          <Pager
            path={['ledger']}
            from={from}
            size={pageSize}
            shown={entries.length}
            more={from + entries.length < answer.size}
            total={answer.size}
          />
        </>
      )}
    </>
  );
}

function WholeLog({ size, head }: { size: number; head: string }) {
  const send = useSend();
  const [done, setDone] = useState('');
  const [breaks, setBreaks] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setFault(undefined);
    try {
      const { followLog } = await import('../verify.ts');
      const read = async (from: number) => (await send('listLog', { from, limit: chainPageSize })).entries;
      const found = await followLog(read, (count) =>
        setDone(`${plural(count, 'entry', 'entries')} of ${size} …`),
      );
      setBreaks(found.breaks);
      const same = found.size !== size || found.head === head;
      if (!same) setBreaks((before) => [...before, 'the head is not the one that the authority names']);
      setDone(`All ${plural(found.size, 'entry', 'entries')} were read. The head is ${found.head}.`);
    } catch (error) {
      setDone('');
      setFault(asFault(error));
    }
    setBusy(false);
  };
  return (
    <>
      <div className="buttons">
        <button type="button" className="second" onClick={verify} disabled={busy}>
          Verify the whole log
        </button>
      </div>
      <FaultNote fault={fault} />
      {breaks.length === 0 ? null : (
        <div className="note bad" role="alert">
          <p className="what">The log does not hold.</p>
          <ul>
            {breaks.slice(0, 20).map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </div>
      )}
      <DoneNote done={done} />
    </>
  );
}
