// A token that was just made. Its text is shown once: the authority keeps a hash of it.

import type { CallAnswer } from '@firmseal/authority-contract';
import { Copied } from '../parts/command.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Facts, Time } from '../parts/facts.tsx';

export type NewToken = CallAnswer<'createToken'>;

export const NewTokenDialog = ({ made, close }: { made: NewToken; close: () => void }) => (
  <Dialog title="The new token" close={close}>
    <p>Copy it now into a file that only its holder can read. Nobody can show it again.</p>
    <Copied label="the token" text={made.token} />
    <Facts
      rows={[
        ['Name', <code key="id">{made.tokenId}</code>],
        ['Ends', <Time key="ends" atMs={made.expiresAtMs} />],
      ]}
    />
  </Dialog>
);
