// What a campaign on replicas counted, and how it is shown.

export interface CampaignReport {
  readonly requests: number;
  readonly repeats: number;
  readonly licenses: number;
  readonly refused: number;
  readonly quota: number;
  readonly units: number;
  /** Calls that ended without an answer, or with a fault of the store, and were made again. */
  readonly retries: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly kills: number;
  readonly signerKills: number;
  readonly stops: number;
  readonly cuts: number;
  /** Of the process that publishes the ledger. */
  readonly publisherKills: number;
  /** Receipts whose keeping was acknowledged. */
  readonly receipts: number;
  /** Different checkpoints that the publisher told of on the way. */
  readonly checkpointsSeen: number;
  readonly crowds: readonly { readonly store: string; readonly chips: number; readonly units: number }[];
  readonly logEntries: number;
  readonly headsSeen: number;
  readonly violations: readonly string[];
}

export function renderReport(report: CampaignReport): string {
  const { requests, repeats, licenses, refused, quota, units, retries, faults, crowds } = report;
  const counted = [...faults].map(([code, count]) => `${code} ${count}`).join(', ') || 'none';
  return [
    `${requests} requests, ${repeats} of them repeats: ${licenses} chips licensed, ${refused} refused`,
    `${units} units of ${quota}; ${report.logEntries} log entries, ${report.headsSeen} heads seen on the way`,
    `${report.receipts} receipts acknowledged; ${report.checkpointsSeen} checkpoints seen`,
    `killed: ${report.kills} replicas, ${report.signerKills} signers, ${report.publisherKills} times the publisher; ` +
      `${report.stops} stops of PostgreSQL, ${report.cuts} connections cut`,
    `${retries} calls repeated for want of an answer: ${counted}`,
    ...crowds.map(
      ({ store, chips, units: given }) => `${chips} chips at once on ${store}, quota 1: ${given} unit`,
    ),
    report.violations.length === 0 ? 'everything held' : report.violations.join('\n'),
  ].join('\n');
}
