// One receipt, verified in this browser: from the authority by its digest, or from a file of the person's.
// What the verification is worth depends on where the root's key comes from, and the page says so.

import { type Bytes, fromHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type ChangeEvent, useEffect, useId, useState } from 'react';
import { saveFile } from '../csv.ts';
import { Facts, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { Badge, FaultNote, Waiting } from '../parts/notes.tsx';
import { readRootKey } from '../root-key-file.ts';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { asFault, useCall } from '../use-call.ts';
import type { ProvenReceipt } from '../verify.ts';
import { type LedgerProofs, ReceiptInLedger } from './receipt-in-ledger.tsx';

/** As packages/license bounds the file. */
const mostFileBytes = 16_384;
const mostKeyBytes = 4096;

interface RootKey {
  readonly key: Bytes;
  /** What the person is told of where it comes from. */
  readonly from: string;
  readonly own: boolean;
}

export function ReceiptPage({ receipt }: { receipt: string | undefined }) {
  if (receipt === undefined) return <ReceiptFile />;
  if (!/^[0-9a-f]{64}$/.test(receipt))
    return (
      <>
        <Heading>Receipt</Heading>
        <p>The address names no receipt.</p>
      </>
    );
  return <KeptReceipt receipt={receipt} />;
}

function KeptReceipt({ receipt }: { receipt: string }) {
  const { answer, fault } = useCall('showReceipt', { receipt: fromHex(receipt) });
  return (
    <>
      <Heading>Receipt</Heading>
      <FaultNote fault={fault} />
      {answer === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <Verified
          file={answer.file}
          digest={receipt}
          proofs={answer.licenseProof && { license: answer.licenseProof, receipt: answer.receiptProof }}
        />
      )}
    </>
  );
}

/** A receipt that a line, a station or an update page kept. */
function ReceiptFile() {
  const [file, setFile] = useState<Bytes>();
  const [fault, setFault] = useState<Fault>();
  const id = useId();
  const take = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const chosen = currentTarget.files?.[0];
    if (chosen === undefined) return;
    const fits = chosen.size <= mostFileBytes;
    setFault(fits ? undefined : new Fault('receipt-file-malformed'));
    setFile(fits ? new Uint8Array(await chosen.arrayBuffer()) : undefined);
  };
  return (
    <>
      <Heading>Receipts</Heading>
      <p>
        The receipts of this authority are reached from <a href={linkTo(['jobs'])}>jobs</a> and{' '}
        <a href={linkTo(['chips'])}>chips</a>. Here you verify a receipt file that a line or an update page
        kept. It stays in this browser.
      </p>
      <div className="field">
        <label htmlFor={id}>Receipt file</label>
        <input id={id} type="file" onChange={take} />
      </div>
      <FaultNote fault={fault} />
      {file === undefined ? null : <Verified file={file} />}
    </>
  );
}

type Verdict =
  | { readonly proven: ProvenReceipt; readonly root: RootKey; readonly print: string }
  | { readonly fault: Fault };

/** With a key of the person's that one alone, else with each key that the authority serves. */
async function verdictOf(file: Bytes, keys: readonly RootKey[]): Promise<Verdict> {
  const { proveReceipt, fingerprint } = await import('../verify.ts');
  let fault = new Fault('delegation-signature-invalid');
  for (const root of keys)
    try {
      const proven = proveReceipt(file, { rootPublicKey: root.key });
      return { proven, root, print: fingerprint(root.key) };
    } catch (error) {
      const found = asFault(error);
      // Of several keys, what another one says than "not mine" is worth telling.
      if (fault.code === 'delegation-signature-invalid') fault = found;
    }
  return { fault };
}

interface VerifiedProps {
  readonly file: Bytes;
  readonly digest?: string;
  readonly proofs?: LedgerProofs | undefined;
}

function Verified({ file, digest, proofs }: VerifiedProps) {
  const { me } = useSession();
  const [own, setOwn] = useState<RootKey>();
  const [keyFault, setKeyFault] = useState<Fault>();
  const [verdict, setVerdict] = useState<Verdict>();
  const id = useId();
  useEffect(() => {
    let current = true;
    setVerdict(undefined);
    const served = me.products.map(({ product, rootPublicKey }) => ({
      ...{ key: rootPublicKey, own: false },
      from: `this authority, for ${product}`,
    }));
    void verdictOf(file, own === undefined ? served : [own]).then((found) => current && setVerdict(found));
    return () => {
      current = false;
    };
  }, [file, own, me.products]);
  const take = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const chosen = currentTarget.files?.[0];
    if (chosen === undefined || chosen.size > mostKeyBytes) return;
    try {
      setOwn({
        key: readRootKey(await chosen.text(), chosen.name),
        from: `your file ${chosen.name}`,
        own: true,
      });
      setKeyFault(undefined);
    } catch (error) {
      setKeyFault(asFault(error));
    }
  };
  return (
    <>
      {verdict === undefined ? <Waiting /> : <VerdictView verdict={verdict} digest={digest} />}
      {proofs !== undefined && verdict !== undefined && 'proven' in verdict ? (
        <ReceiptInLedger file={file} proven={verdict.proven} proofs={proofs} />
      ) : null}
      <section className="panel">
        <h2>Which root</h2>
        <p>
          Everything above follows from one key: the public key of the owner's root. The authority told this
          page which one it is. Give your own copy of <code>root.key.pub</code>, and the result no longer
          rests on what the authority says.
        </p>
        <div className="field">
          <label htmlFor={id}>Your copy of the root's public key</label>
          <input id={id} type="file" onChange={take} />
        </div>
        <FaultNote fault={keyFault} />
      </section>
      <div className="buttons">
        <button
          type="button"
          className="second"
          onClick={() =>
            saveFile(
              `${digest?.slice(0, 16) ?? 'verified'}.receipt`,
              Uint8Array.from(file),
              'application/octet-stream',
            )
          }
        >
          Save the receipt file
        </button>
      </div>
    </>
  );
}

const originText = ({ kind, rehearsal }: ProvenReceipt['origin']): string =>
  rehearsal ? `${kind}, for a rehearsal` : kind;

function VerdictView({ verdict, digest }: { verdict: Verdict; digest: string | undefined }) {
  if ('fault' in verdict)
    return (
      <section aria-label="Verification">
        <p>
          <Badge text="NOT VERIFIED" kind="bad" />
        </p>
        <FaultNote fault={verdict.fault} />
      </section>
    );
  const { proven, root, print } = verdict;
  if (digest !== undefined && digest !== proven.receiptDigest)
    return (
      <p className="note bad" role="alert">
        The authority gave another receipt than the one that was asked for.
      </p>
    );
  return (
    <section aria-label="Verification">
      <p role="status">
        <Badge text="verified in this browser" kind="good" />{' '}
        <Badge text={proven.outcome} kind={proven.outcome === 'PASS' ? 'good' : 'busy'} />{' '}
        <Badge text={proven.fresh ? 'fresh' : 'not fresh'} kind={proven.fresh ? 'good' : 'plain'} />
      </p>
      <p>
        The chip signed that it holds <strong>{proven.product}</strong> version{' '}
        <strong>{proven.firmwareVersion}</strong>. Its certificate, the package, the license and the receipt
        belong together, and each signature leads to the root.
      </p>
      <Facts
        rows={[
          [
            'Device',
            <a key="d" href={linkTo(['chips'], { thumbprint: proven.thumbprint })}>
              <code className="whole">{proven.thumbprint}</code>
            </a>,
          ],
          ['Chip', proven.chip],
          ['Identity', originText(proven.origin)],
          ['Readout protection', `level ${proven.readoutLevel}`],
          ['Security counter', String(proven.securityCounter)],
          ['Agent', `version ${proven.agentVersion}`],
          ['Installs of this chip', String(proven.installCount)],
          [
            'Job',
            <a key="j" href={linkTo(['jobs', proven.job])}>
              <code>{proven.job}</code>
            </a>,
          ],
          ['Unit', proven.unitIndex === undefined ? 'the file holds no license' : String(proven.unitIndex)],
          ['License', <code key="l">{proven.license}</code>],
          [
            'Package',
            <code key="p" className="whole">
              {proven.manifestDigest}
            </code>,
          ],
          [
            'Receipt',
            <code key="r" className="whole">
              {proven.receiptDigest}
            </code>,
          ],
          ['Kept', <Time key="k" atMs={proven.keptAtMs} />],
          ['Root key from', root.from],
          [
            'SHA-256 of that key',
            <code key="f" className="whole">
              {print}
            </code>,
          ],
        ]}
      />
    </section>
  );
}
