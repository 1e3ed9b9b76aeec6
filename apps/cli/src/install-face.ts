// How `firmseal install` shows its events: JSON lines, bars on a terminal, or plain lines.

import { systemClock } from '@firmseal/link';
import { BarScreen, type InstallEvent, renderJson, renderLines } from '@firmseal/programmer';
import type { Face } from './face.ts';

export interface InstallFace {
  readonly take: (event: InstallEvent) => void;
  readonly finish: () => void;
}

export function createInstallFace(face: Face): InstallFace {
  const { out } = face.shell;
  if (face.json) return { take: (event) => out.write(`${renderJson(event)}\n`), finish: () => undefined };
  if (!out.isTerminal) return { take: (event) => face.lines(...renderLines(event)), finish: () => undefined };
  const screen = new BarScreen({ write: (text) => out.write(text), size: () => out.size }, systemClock);
  const stopResizing = out.onResize(() => screen.draw());
  return {
    take: (event) => screen.take(event),
    finish: () => {
      stopResizing();
      screen.finish();
    },
  };
}
