// Whether license and receipt stand in the published ledger: proofs that the authority gave, verified here
// under a checkpoint. Whose keys it is held against, the page says.

import type { Fault } from '@firmseal/fault';
import { type ChangeEvent, useEffect, useId, useState } from 'react';
import { countText, timeText } from '../format.ts';
import { Facts } from '../parts/facts.tsx';
import { Badge, FaultNote } from '../parts/notes.tsx';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { asFault } from '../use-call.ts';
import type { InLedger, LedgerKeys, ProvenReceipt } from '../verify.ts';

export interface LedgerProofs {
  readonly license: Uint8Array;
  readonly receipt: Uint8Array | undefined;
}

interface InLedgerProps {
  readonly file: Uint8Array;
  readonly proven: ProvenReceipt;
  readonly proofs: LedgerProofs;
}

const mostKeyBytes = 1024;

export function ReceiptInLedger({ file, proven, proofs }: InLedgerProps) {
  const { me } = useSession();
  const [own, setOwn] = useState<LedgerKeys>();
  const [found, setFound] = useState<InLedger>();
  const [fault, setFault] = useState<Fault>();
  const [keyFault, setKeyFault] = useState<Fault>();
  const id = useId();
  useEffect(() => {
    let current = true;
    setFound(undefined);
    setFault(undefined);
    void import('../verify.ts').then(({ proveInLedger, readLedgerKeys }) => {
      try {
        const keys = own ?? readLedgerKeys([{ text: me.ledgerKey ?? '', name: 'The key of the ledger' }]);
        const result = proveInLedger(file, proven, { proofs, keys });
        if (current) setFound(result);
      } catch (error) {
        if (current) setFault(asFault(error));
      }
    });
    return () => {
      current = false;
    };
  }, [file, proven, proofs, own, me.ledgerKey]);
  const take = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const files = [...(currentTarget.files ?? [])].filter(({ size }) => size <= mostKeyBytes);
    try {
      const { readLedgerKeys } = await import('../verify.ts');
      setOwn(
        readLedgerKeys(
          await Promise.all(files.map(async (one) => ({ text: await one.text(), name: one.name }))),
        ),
      );
      setKeyFault(undefined);
    } catch (error) {
      setKeyFault(asFault(error));
    }
  };
  return (
    <section className="panel" aria-label="In the ledger">
      <h2>In the ledger</h2>
      {fault === undefined ? null : (
        <p>
          <Badge text="NOT PROVEN" kind="bad" />
        </p>
      )}
      <FaultNote fault={fault} />
      {found === undefined ? null : <Found found={found} own={own} />}
      <div className="field">
        <label htmlFor={id}>Your copies of the keys: ledger.vkey, and witness.vkey of each witness</label>
        <input id={id} type="file" multiple onChange={take} />
      </div>
      <FaultNote fault={keyFault} />
    </section>
  );
}

function Found({ found: { license, receipt }, own }: { found: InLedger; own: LedgerKeys | undefined }) {
  const { checkpoint } = license;
  const cosigned = checkpoint.cosigned.map(
    ({ name, timeSeconds }) => `${name}, ${timeText(timeSeconds * 1000)}`,
  );
  const entry = (index: number) => <a href={linkTo(['ledger'], { from: index })}>entry {countText(index)}</a>;
  return (
    <>
      <p role="status">
        <Badge text="proven in this browser" kind="good" />
        {receipt === undefined ? <Badge text="the receipt is not proven yet" kind="busy" /> : null}
      </p>
      <Facts
        rows={[
          ['License', entry(license.index)],
          ['Receipt', receipt && entry(receipt.index)],
          ['Ledger', `${checkpoint.origin}, ${countText(checkpoint.size)} entries`],
          [
            'Cosigned by',
            own === undefined || own.witnesses.length === 0
              ? 'you gave no key of a witness'
              : cosigned.join('; '),
          ],
          ['Keys from', own === undefined ? 'this authority' : 'your files'],
        ]}
      />
    </>
  );
}
