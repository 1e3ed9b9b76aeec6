// What a chip gets besides its keys: the agent and the settings of its board, as bytes at flash addresses.

import { boardPart } from '@firmseal/boards';
import type { AgentBuild, Chip } from '@firmseal/chips';
import type { ImagePart } from '@firmseal/personalization';
import { readAgentImage } from '../agent-image.ts';
import { readBoard } from './board-option.ts';

export interface ToWrite {
  readonly agentImage: readonly ImagePart[];
  /** Id of the board settings; empty without any. */
  readonly board: string;
  readonly leastMillivolts?: number;
}

/** Throws the faults of agent builds and board files. */
export function whatToWrite(chip: Chip, build: AgentBuild, boardText: string | undefined): ToWrite {
  const agent = readAgentImage(chip, build);
  if (boardText === undefined) return { agentImage: agent, board: '' };
  const { id, settings } = readBoard(boardText, chip);
  const { leastMillivolts } = settings.supply;
  return { agentImage: [...agent, boardPart(settings, chip)], board: id, leastMillivolts };
}
