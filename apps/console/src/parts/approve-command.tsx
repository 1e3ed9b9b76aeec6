// The command by which an approver signs: his key is on his own machine, and no page should hold it.

import { toHex } from '@firmseal/bytes';
import { countText } from '../format.ts';
import { useSession } from '../session.ts';
import { Copied, shellWord } from './command.tsx';

/** `firmseal approve` for a job; `more`: further words, for something else than the job itself. */
export function ApproveCommand({ job, more = [] }: { job: Uint8Array; more?: readonly string[] }) {
  const { address } = useSession();
  const text = [
    `firmseal approve ${toHex(job)} --authority ${shellWord(address)}`,
    '--token-file approver.token --approver-key approver.key',
    '--approver-delegation approver.delegation --approval-policy approval.policy',
    ['--root-key root.key.pub', ...more.map(shellWord)].join(' '),
  ].join(' \\\n  ');
  return <Copied label="the command" text={text} />;
}

/** What stands in a dialog of something that approvers have to sign first. */
export function SignFirst({
  needed,
  job,
  more,
}: {
  needed: number;
  job: Uint8Array;
  more: readonly string[];
}) {
  if (needed === 0) return null;
  return (
    <>
      <p>
        {needed === 1
          ? '1 approver has to sign this first, with a key of his own:'
          : `${countText(needed)} approvers have to sign this first, each with a key of his own:`}
      </p>
      <ApproveCommand job={job} more={more} />
    </>
  );
}
