// Access tokens: who has one, a new one, the end of one.

import type { TokenView } from '@firmseal/authority-contract';
import { useId, useState } from 'react';
import { Dialog, Field, fieldOf } from '../parts/dialog.tsx';
import { Hex, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { Badge, DoneNote, FaultNote, Waiting } from '../parts/notes.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import type { Route } from '../route.ts';
import { useSession } from '../session.ts';
import { useCall, useSend } from '../use-call.ts';
import { type NewToken, NewTokenDialog } from './new-token.tsx';

const pageSize = 50;
const scopes = ['auditor', 'approver', 'owner', 'site'] as const;
type NewScope = (typeof scopes)[number];

function stateOf({ revokedAtMs, expiresAtMs }: TokenView): 'revoked' | 'ended' | 'in force' {
  if (revokedAtMs !== undefined) return 'revoked';
  return expiresAtMs !== undefined && expiresAtMs <= Date.now() ? 'ended' : 'in force';
}

const columns: readonly Column<TokenView>[] = [
  { name: 'Held by', cell: ({ label }) => label },
  { name: 'Kind', cell: ({ scope }) => scope },
  { name: 'Job', cell: ({ job }) => job && <Hex bytes={job} short /> },
  { name: 'Name', cell: ({ tokenId }) => <code>{tokenId}</code> },
  {
    name: 'State',
    cell: (token) => <Badge text={stateOf(token)} kind={stateOf(token) === 'in force' ? 'good' : 'plain'} />,
  },
  { name: 'Made', cell: ({ createdAtMs }) => <Time atMs={createdAtMs} /> },
  {
    name: 'Ends',
    cell: ({ expiresAtMs }) => (expiresAtMs === undefined ? 'never' : <Time atMs={expiresAtMs} />),
  },
];

export function TokensPage({ query }: Pick<Route, 'query'>) {
  const { me } = useSession();
  const send = useSend();
  const from = placeOf(query['from']);
  const { answer, fault, again } = useCall('listTokens', { from, limit: pageSize });
  const [done, setDone] = useState('');
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewToken>();
  const [ending, setEnding] = useState<TokenView>();
  const scopeId = useId();
  const act: Column<TokenView> = {
    name: 'Act',
    cell: (token) =>
      stateOf(token) === 'in force' ? (
        <button
          type="button"
          className="small"
          aria-label={`Revoke token ${token.tokenId}`}
          onClick={() => setEnding(token)}
        >
          Revoke …
        </button>
      ) : (
        ''
      ),
  };
  return (
    <>
      <Heading>Tokens</Heading>
      <div className="buttons">
        <button type="button" onClick={() => setMaking(true)}>
          New token …
        </button>
      </div>
      <p>Tokens of lines are made on the page of their job.</p>
      <FaultNote fault={fault} />
      <DoneNote done={done} />
      {answer === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <Table
            caption="Access tokens, newest first"
            columns={[...columns, act]}
            rows={answer.tokens}
            keyOf={({ tokenId }) => tokenId}
            empty="There is no token."
          />
          <Pager
            path={['tokens']}
            from={from}
            size={pageSize}
            shown={answer.tokens.length}
            more={answer.more}
          />
        </>
      )}
      {making ? (
        <Dialog
          title="New token"
          action="Make the token"
          close={() => setMaking(false)}
          act={async (fields) => {
            const scope = fieldOf(fields, 'scope') as NewScope;
            const [label, lifeDays] = [fieldOf(fields, 'label'), Number(fieldOf(fields, 'days'))];
            setMade(await send('createToken', { scope, label, lifeDays }));
            again();
          }}
        >
          <div className="field">
            <label htmlFor={scopeId}>Kind</label>
            <select id={scopeId} name="scope" defaultValue="auditor">
              <option value="auditor">auditor: may read everything and change nothing</option>
              <option value="approver">approver: sees what he is asked to sign</option>
              <option value="site">site: brings records of personalized chips</option>
              <option value="owner">owner: may do everything</option>
            </select>
          </div>
          <Field label="Held by" name="label" pattern="[ -~]{1,64}" mostLength={64} />
          <Field label="Days until it ends" name="days" type="number" value="365" least={1} most={3650} />
        </Dialog>
      ) : null}
      {made === undefined ? null : <NewTokenDialog made={made} close={() => setMade(undefined)} />}
      {ending === undefined ? null : (
        <Dialog
          title={`Revoke the token of ${ending.label}`}
          action="Revoke it"
          dangerous
          close={() => setEnding(undefined)}
          act={async () => {
            await send('revokeToken', { token: ending.tokenId });
            setDone(`Token ${ending.tokenId} is revoked.`);
            again();
          }}
        >
          <p>From then on it opens nothing, and cannot be brought back.</p>
          {ending.tokenId === me.tokenId ? (
            <p className="note bad">It is your own: this page ends with it.</p>
          ) : null}
        </Dialog>
      )}
    </>
  );
}
