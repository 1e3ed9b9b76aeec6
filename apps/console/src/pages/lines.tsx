// Lines that tell the authority what they do: a row a socket, yield, cycle times. docs/console.md says how a
// line is asked to.

import { lazy, Suspense } from 'react';
import { percentText, plural, spanText } from '../format.ts';
import { Copied } from '../parts/command.tsx';
import { Bar, Tiles, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { DeviceLink, JobLink } from '../parts/links.tsx';
import { Badge, FaultNote, Waiting } from '../parts/notes.tsx';
import { type Column, Table } from '../parts/table.tsx';
import type { Theme } from '../theme.ts';
import { type Asked, useCall } from '../use-call.ts';

type Board = NonNullable<Asked<'listBoards'>['answer']>['boards'][number];
type Socket = Board['board']['sockets'][number];

/** Loaded when a line is shown. */
const CycleChart = lazy(async () => ({ default: (await import('../parts/chart.tsx')).CycleChart }));

const everyMs = 2000;
/** A line that told nothing for so long has ended, or has lost its connection. */
const silentAfterMs = 60_000;

const stateTexts: Readonly<
  Record<Socket['state'], readonly [text: string, kind: 'plain' | 'good' | 'bad' | 'busy']>
> = {
  empty: ['waits for a chip', 'plain'],
  ready: ['waits for the tester', 'plain'],
  label: ['waits for a label', 'plain'],
  queued: ['waits its turn', 'busy'],
  installing: ['installing', 'busy'],
  held: ['waits for the authority', 'bad'],
  done: ['take the chip out', 'good'],
  halted: ['halted', 'bad'],
  ended: ['ended', 'plain'],
};

const columns: readonly Column<Socket>[] = [
  { name: 'Socket', cell: ({ name }) => <strong>{name}</strong> },
  { name: 'Place', cell: ({ place }) => <code>{place}</code> },
  { name: 'State', cell: ({ state }) => <Badge text={stateTexts[state][0]} kind={stateTexts[state][1]} /> },
  {
    ...{ name: 'Progress', kind: 'wide' },
    cell: ({ name, state, fraction, step }) =>
      state === 'installing' ? (
        <Bar label={`Progress in ${name}`} value={Math.round(fraction * 100)} most={100} text={step} />
      ) : (
        ''
      ),
  },
  {
    name: 'Last result',
    cell: ({ last }) =>
      last === undefined ? (
        ''
      ) : (
        <Badge
          text={last.error === undefined ? last.outcome : `${last.outcome} ${last.error}`}
          kind={last.outcome === 'pass' ? 'good' : 'bad'}
        />
      ),
  },
  {
    name: 'Device',
    cell: ({ last }) => (last?.thumbprint === undefined ? '' : <DeviceLink thumbprint={last.thumbprint} />),
  },
  { name: 'Took', kind: 'number', cell: ({ last }) => (last ? `${(last.totalMs / 1000).toFixed(1)} s` : '') },
  { name: 'At', cell: ({ last }) => (last ? <Time atMs={last.atMs} /> : '') },
];

export function LinesPage({ theme }: { theme: Theme }) {
  const { answer, fault } = useCall('listBoards', {}, { everyMs });
  return (
    <>
      <Heading>Lines</Heading>
      <FaultNote fault={fault} />
      {answer === undefined && fault === undefined ? <Waiting /> : null}
      {answer?.boards.map((one) => (
        <LineSection key={one.tokenId} one={one} nowMs={answer.nowMs} theme={theme} />
      ))}
      {answer?.boards.length === 0 ? (
        <>
          <p>
            No line reported within the last day. A line reports when its line file says how often, in
            seconds:
          </p>
          <Copied label="the field" text={'"boardEverySeconds": 5'} />
        </>
      ) : null}
    </>
  );
}

/** The middle one, and the one that 95 of 100 stay below. */
function timesText(results: Board['board']['results']): string {
  const times = results
    .filter(({ outcome }) => outcome === 'pass')
    .map(({ totalMs }) => totalMs)
    .sort((a, b) => a - b);
  if (times.length === 0) return 'No chip passed yet.';
  const at = (share: number) =>
    (times[Math.min(times.length - 1, Math.floor(share * times.length))]! / 1000).toFixed(1);
  return `Of the last ${plural(times.length, 'chip')} that passed, half took ${at(0.5)} s or less, and 95 of 100 took ${at(0.95)} s or less.`;
}

function LineSection({ one, nowMs, theme }: { one: Board; nowMs: number; theme: Theme }) {
  const { job, atMs, board } = one;
  const { line, sockets, tally, results, alarms } = board;
  const chips = tally.passed + tally.failed;
  const silentMs = nowMs - atMs;
  const isSilent = silentMs > silentAfterMs;
  return (
    <section className="panel" aria-label={`Line ${line}`}>
      <h2>
        {line}{' '}
        <Badge
          text={isSilent ? `silent for ${spanText(silentMs)}` : 'live'}
          kind={isSilent ? 'bad' : 'good'}
        />
      </h2>
      <p>
        Installs job <JobLink job={job} />. Last report <Time atMs={atMs} />.
      </p>
      <Tiles
        tiles={[
          ['Passed', tally.passed, 'good'],
          ['First-pass yield', percentText(tally.passedFirst, chips)],
          ['Yield', percentText(tally.passed, chips)],
          ['Failed', tally.failed, tally.failed > 0 ? 'bad' : ''],
          ['Refused', tally.refused],
        ]}
      />
      {alarms.map(({ socket, error, sentence }) => (
        <p className="note bad" key={`${socket} ${error} ${sentence}`}>
          {socket === undefined ? '' : `${socket}: `}
          {sentence} <span className="code">{error}</span>
        </p>
      ))}
      <Table
        caption={`Sockets of ${line}`}
        columns={columns}
        rows={sockets}
        keyOf={({ name }) => name}
        empty="The line has no socket for this job."
      />
      <figure>
        <figcaption>Cycle time of each chip. {timesText(results)}</figcaption>
        <Suspense fallback={<div className="chart" />}>
          <CycleChart results={results} theme={theme} />
        </Suspense>
      </figure>
    </section>
  );
}
