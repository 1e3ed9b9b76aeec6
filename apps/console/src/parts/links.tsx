// Jobs, devices and receipts by their first digits, as links where the token opens the page behind.

import { toHex } from '@firmseal/bytes';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { Hex } from './facts.tsx';

function HexLink({ bytes, link }: { bytes: Uint8Array; link: string }) {
  const { may } = useSession();
  const text = <Hex bytes={bytes} short />;
  return may('read') ? <a href={link}>{text}</a> : text;
}

export const DeviceLink = ({ thumbprint }: { thumbprint: Uint8Array }) => (
  <HexLink bytes={thumbprint} link={linkTo(['chips'], { thumbprint: toHex(thumbprint) })} />
);

export const ReceiptLink = ({ digest }: { digest: Uint8Array }) => (
  <HexLink bytes={digest} link={linkTo(['receipts', toHex(digest)])} />
);

/** Whoever sees the id of a job may see the job. */
export const JobLink = ({ job }: { job: Uint8Array }) => (
  <a href={linkTo(['jobs', toHex(job)])}>
    <Hex bytes={job} short />
  </a>
);
