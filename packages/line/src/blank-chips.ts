// Blank chips of one socket, where a line personalizes them first. How they are programmed and who certifies
// them is the app's business.

/** In the order of a personalization. */
export const blankSteps = ['begun', 'agent-written', 'identity-made', 'certified', 'protected'] as const;
export type BlankStep = (typeof blankSteps)[number];

export interface BlankChips {
  /** Whether a chip answers the programmer; asked where no agent answers. Changes nothing in it. */
  isThere(): Promise<boolean>;
  /**
   * Personalizes what is in the socket, unless its agent has an identity. Rejects with the faults of
   * personalization; an interrupted one is taken up by the next call.
   */
  prepare(onStep: (step: BlankStep) => void): Promise<void>;
}
