// Where a figure comes from, and ranges of addresses: the parts that all of the
// catalogue's types are made of.

export interface Source {
  readonly document: string;
  readonly section: string;
  readonly unverified: boolean;
  /** Why it is unverified; empty otherwise. */
  readonly reason: string;
}

export interface Range {
  readonly addressStart: number;
  readonly length: number;
}

export interface NamedRange extends Range {
  readonly meaning: string;
}
