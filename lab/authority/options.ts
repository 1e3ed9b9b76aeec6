// What a campaign on replicas is asked for.

export interface CampaignOptions {
  readonly seed: string;
  readonly requests: number;
  readonly replicas: number;
  /** Chips that ask at once for the one unit of a quota of their own, on each store; 0 for none. */
  readonly crowd: number;
  /** Lines that ask beside each other. */
  readonly lines: number;
  readonly disturbances: {
    readonly kills: number;
    readonly signerKills: number;
    readonly stops: number;
    readonly cuts: number;
    /** Of the process that publishes the ledger. */
    readonly publisherKills: number;
  };
  /** Commits wait for the disk. */
  readonly fsync: boolean;
  /** Also lets the crowd ask replicas on one SQLite file. */
  readonly sqlite: boolean;
  readonly onProgress?: (done: number) => void;
}
