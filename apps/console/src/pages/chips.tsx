// Chips: found by thumbprint, by the unique id of the chip, by version, over all jobs.

import type { FoundUnit, IdentityView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { FormEvent } from 'react';
import { fieldOf } from '../parts/dialog.tsx';
import { Hex, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { DeviceLink, JobLink, ReceiptLink } from '../parts/links.tsx';
import { Badge, FaultNote, Waiting } from '../parts/notes.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { UnitState } from '../parts/states.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import { go, linkTo, type Route } from '../route.ts';
import { useCall } from '../use-call.ts';

const pageSize = 50;

const columns: readonly Column<FoundUnit>[] = [
  {
    name: 'Device',
    cell: ({ unit: { thumbprint } }) => <DeviceLink thumbprint={thumbprint} />,
  },
  { name: 'Product', cell: ({ product }) => product },
  { name: 'Chip', cell: ({ unit: { chip } }) => chip },
  {
    name: 'Job',
    cell: ({ job }) => <JobLink job={job} />,
  },
  { name: 'Unit', kind: 'number', cell: ({ unit: { unitIndex } }) => unitIndex },
  { name: 'In this job', cell: ({ unit }) => <UnitState unit={unit} /> },
  { name: 'Proved last', cell: ({ newest }) => newest?.firmwareVersion ?? 'nothing' },
  {
    name: 'Receipt',
    cell: ({ newest }) => (newest === undefined ? '' : <ReceiptLink digest={newest.receiptDigest} />),
  },
  { name: 'At', cell: ({ newest, unit }) => <Time atMs={newest?.storedAtMs ?? unit.takenAtMs} /> },
];

const identityColumns: readonly Column<IdentityView>[] = [
  { name: 'Unique id', cell: ({ uniqueId }) => <code>{uniqueId}</code> },
  { name: 'Device', cell: ({ thumbprint }) => <Hex bytes={thumbprint} short /> },
  { name: 'Product', cell: ({ product }) => product },
  { name: 'Chip', cell: ({ chip }) => chip },
  { name: 'Board', cell: ({ board }) => board },
  {
    name: 'Identity',
    cell: ({ origin: { kind, rehearsal } }) => (
      <>
        <Badge text={kind} />
        {rehearsal ? <Badge text="rehearsal" kind="bad" /> : null}
      </>
    ),
  },
  { name: 'Made', cell: ({ madeAtMs }) => <Time atMs={madeAtMs} /> },
];

/** People copy digests with spaces and in capitals. */
const digits = (text: string): string => text.toLowerCase().replace(/[\s:]/g, '');

export function ChipsPage({ query }: Pick<Route, 'query'>) {
  const from = placeOf(query['from']);
  const thumbprint = query['thumbprint'] ?? '';
  const serial = query['serial'] ?? '';
  const version = query['version'] ?? '';
  const problem =
    (/^[0-9a-f]{0,64}$/.test(thumbprint) ? undefined : 'A thumbprint has up to 64 hexadecimal digits.') ??
    (/^(([0-9a-f]{2}){4,32})?$/.test(serial)
      ? undefined
      : 'A unique id has 8 to 64 hexadecimal digits, an even number.');
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    go(
      linkTo(['chips'], {
        thumbprint: digits(fieldOf(fields, 'thumbprint')),
        serial: digits(fieldOf(fields, 'serial')),
        version: fieldOf(fields, 'version'),
      }),
    );
  };
  return (
    <>
      <Heading>Chips</Heading>
      <search>
        <form className="search" onSubmit={search} key={`${thumbprint} ${serial} ${version}`}>
          <SearchField label="Thumbprint begins with" name="thumbprint" value={thumbprint} />
          <SearchField label="Serial: unique id of the chip" name="serial" value={serial} />
          <SearchField label="Licensed for version" name="version" value={version} />
          <button type="submit">Search</button>
        </form>
      </search>
      {problem === undefined ? (
        <Found from={from} query={{ thumbprint, serial, version }} />
      ) : (
        <p className="note bad" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

interface Query {
  readonly thumbprint: string;
  readonly serial: string;
  readonly version: string;
}

function Found({ from, query }: { from: number; query: Query }) {
  const { thumbprint, serial, version } = query;
  const { answer, fault } = useCall('findUnits', {
    ...(thumbprint === '' ? {} : { thumbprint }),
    ...(serial === '' ? {} : { uniqueId: serial }),
    ...(version === '' ? {} : { firmwareVersion: version }),
    ...{ from, limit: pageSize },
  });
  if (answer === undefined) return fault === undefined ? <Waiting /> : <FaultNote fault={fault} />;
  const { units, identities, more } = answer;
  return (
    <>
      {serial === '' ? null : (
        <Table
          caption="Identities with this unique id"
          columns={identityColumns}
          rows={identities}
          keyOf={({ recordDigest }) => toHex(recordDigest)}
          empty="No record of an identity has this unique id. Sites bring these records (firmseal identity send)."
        />
      )}
      <Table
        caption="Units of chips, by thumbprint"
        columns={columns}
        rows={units}
        keyOf={({ job, unit }) => `${toHex(job)} ${unit.unitIndex}`}
        empty="No unit fits."
      />
      <Pager
        path={['chips']}
        query={{ ...query }}
        from={from}
        size={pageSize}
        shown={units.length}
        more={more}
      />
    </>
  );
}
