// `firmseal audit` in a process of its own, which says at its end what it told and used, or kills itself on
// the way. Arguments: after how many installs it does so (0: never), and the words of the command.

import { type AuditTold, auditCommand } from './audit-command.ts';

export interface AuditEnding extends AuditTold {
  readonly cpuSeconds: number;
  readonly maxRssMb: number;
}

const [killAfter = '0', ...words] = process.argv.slice(2);
const told = await auditCommand(words, {
  onInstall: (count) => {
    if (count === Number(killAfter)) process.kill(process.pid, 'SIGKILL');
  },
  shows: true,
});
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
process.send?.({ ...told, cpuSeconds, maxRssMb: maxRSS / 1024 } satisfies AuditEnding);
process.disconnect?.();
