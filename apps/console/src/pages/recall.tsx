// A recall: all units whose chips run a version, or may. The table shows a page; the file holds all.

import type { FoundUnit } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Fault } from '@firmseal/fault';
import { type FormEvent, useId, useState } from 'react';
import { csvText, saveFile } from '../csv.ts';
import { plural, utcText } from '../format.ts';
import { fieldOf } from '../parts/dialog.tsx';
import { Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { DeviceLink, JobLink } from '../parts/links.tsx';
import { DoneNote, FaultNote, Waiting } from '../parts/notes.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { HoldsState, holdsText } from '../parts/states.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import { go, linkTo, type Route } from '../route.ts';
import { useSession } from '../session.ts';
import { asFault, useCall, useSend } from '../use-call.ts';

const pageSize = 50;
/** As many as the interface gives at once. */
const filePageSize = 200;

const columns: readonly Column<FoundUnit>[] = [
  { name: 'Runs it?', cell: ({ holds }) => holds && <HoldsState holds={holds} /> },
  {
    name: 'Device',
    cell: ({ unit: { thumbprint } }) => <DeviceLink thumbprint={thumbprint} />,
  },
  { name: 'Chip', cell: ({ unit: { chip } }) => chip },
  {
    name: 'Job',
    cell: ({ job }) => <JobLink job={job} />,
  },
  { name: 'Unit', kind: 'number', cell: ({ unit: { unitIndex } }) => unitIndex },
  { name: 'Proved last', cell: ({ newest }) => newest?.firmwareVersion ?? 'nothing' },
  { name: 'At', cell: ({ newest }) => (newest ? <Time atMs={newest.storedAtMs} /> : '') },
];

const csvHead = [
  'runs_it',
  'device',
  'product',
  'chip',
  'job',
  'unit',
  'proved_version',
  'outcome',
  'proved_at',
  'receipt',
  'sbom_sha256',
];
const csvRow = ({ holds, job, product, unit, newest }: FoundUnit): string[] => [
  ...[holds === undefined ? '' : holdsText(holds), toHex(unit.thumbprint), product, unit.chip],
  ...[toHex(job), String(unit.unitIndex), newest?.firmwareVersion ?? '', newest?.outcome ?? ''],
  ...(newest === undefined ? ['', ''] : [utcText(newest.storedAtMs), toHex(newest.receiptDigest)]),
  newest?.sbomDigest === undefined ? '' : toHex(newest.sbomDigest),
];

export function RecallPage({ query }: Pick<Route, 'query'>) {
  const { me } = useSession();
  const version = query['version'] ?? '';
  const product = query['product'] ?? me.products[0]?.product ?? '';
  const productId = useId();
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    go(linkTo(['recall'], { product: fieldOf(fields, 'product'), version: fieldOf(fields, 'version') }));
  };
  return (
    <>
      <Heading>Recall</Heading>
      <p>
        Every unit that was licensed for a version, and whether its chip runs it by the newest receipt of the
        chip, in whichever job that came.
      </p>
      <search>
        <form className="search" onSubmit={search} key={`${product} ${version}`}>
          <div className="field">
            <label htmlFor={productId}>Product</label>
            <select id={productId} name="product" defaultValue={product}>
              {me.products.map((one) => (
                <option key={one.product}>{one.product}</option>
              ))}
            </select>
          </div>
          <SearchField label="Version" name="version" value={version} />
          <button type="submit">Find the units</button>
        </form>
      </search>
      {version === '' ? null : <Recalled product={product} version={version} from={placeOf(query['from'])} />}
    </>
  );
}

interface RecalledProps {
  readonly product: string;
  readonly version: string;
  readonly from: number;
}

function Recalled({ product, version, from }: RecalledProps) {
  const asked = { product, firmwareVersion: version };
  const { answer, fault } = useCall('findUnits', { ...asked, from, limit: pageSize });
  const send = useSend();
  const [done, setDone] = useState('');
  const [failed, setFailed] = useState<Fault>();
  const save = async () => {
    setFailed(undefined);
    const rows: string[][] = [csvHead];
    try {
      for (let place = 0; ; place += filePageSize) {
        const { units, more } = await send('findUnits', { ...asked, from: place, limit: filePageSize });
        rows.push(...units.map(csvRow));
        setDone(`${plural(rows.length - 1, 'unit')} read …`);
        if (!more) break;
      }
    } catch (error) {
      setDone('');
      setFailed(asFault(error));
      return;
    }
    const name = `recall-${product}-${version}`.replace(/[^A-Za-z0-9.-]/g, '_');
    saveFile(`${name}.csv`, csvText(rows), 'text/csv');
    setDone(`The file holds ${plural(rows.length - 1, 'unit')}.`);
  };
  if (answer === undefined) return fault === undefined ? <Waiting /> : <FaultNote fault={fault} />;
  return (
    <>
      {answer.units.length === 0 && from === 0 ? null : (
        <div className="buttons">
          <button type="button" className="second" onClick={save}>
            Download all as CSV
          </button>
        </div>
      )}
      <FaultNote fault={failed} />
      <DoneNote done={done} />
      <Table
        caption={`Units of ${product} that were licensed for version ${version}`}
        columns={columns}
        rows={answer.units}
        keyOf={({ job, unit }) => `${toHex(job)} ${unit.unitIndex}`}
        empty="No unit of this product was licensed for this version."
      />
      <Pager
        path={['recall']}
        query={{ product, version }}
        from={from}
        size={pageSize}
        shown={answer.units.length}
        more={answer.more}
      />
    </>
  );
}
