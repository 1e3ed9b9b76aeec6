export { boardBlockBytes, boardPart, decodeBoardBlock, encodeBoardBlock } from './board-block.ts';
export { type Board, type BoardSource, readBoardFile } from './board-file.ts';
export {
  type BoardEntry,
  type BoardSettings,
  type BoardUart,
  type BoardUsb,
  checkBoard,
  type Oscillator,
  type UartPin,
} from './board-settings.ts';
export { boardIds, findBoard } from './ready-boards.ts';
