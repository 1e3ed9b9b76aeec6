// The flash controller of a chip, by the family that the catalogue names.

import type { FlashStores } from '../processor/system-bus.ts';
import { FlashControllerF4 } from './flash-f4.ts';
import { FlashControllerH5 } from './flash-h5.ts';
import { FlashControllerH7 } from './flash-h7.ts';
import { FlashControllerL4 } from './flash-l4.ts';
import type { FlashControllerParts } from './flash-parts.ts';

export function createFlashController(parts: FlashControllerParts): FlashStores {
  const facts = parts.chip.flashController;
  switch (facts.kind) {
    case 'f4':
      return new FlashControllerF4(parts, facts);
    case 'h7':
      return new FlashControllerH7(parts, facts);
    case 'g0':
    case 'l4':
    case 'u5':
      return new FlashControllerL4(parts, facts);
    case 'h5':
      return new FlashControllerH5(parts, facts);
  }
}
