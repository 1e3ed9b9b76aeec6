// Which pins lead to which USART, and the alternate function that connects them: tables "Alternate function"
// of DS9405 (F427), DS12110 (H743), DS13560 (G0B1), DS10198 (L476), DS13737 (U575). Only the pins of the ROM
// bootloaders and of ST's boards; a pin that is not listed leads nowhere.

import type { FlashController } from '@firmseal/chips';

/** Where a host's wires end: the pin that it sends to, and the one that it listens to. */
export interface HostWire {
  readonly toChip: string;
  readonly fromChip: string;
}

interface UsartPins {
  readonly usart: string;
  readonly tx: string;
  readonly rx: string;
  readonly function: number;
}

const f4AndH7: readonly UsartPins[] = [
  { usart: 'USART1', tx: 'PA9', rx: 'PA10', function: 7 },
  { usart: 'USART2', tx: 'PA2', rx: 'PA3', function: 7 },
  { usart: 'USART3', tx: 'PB10', rx: 'PB11', function: 7 },
  { usart: 'USART3', tx: 'PD8', rx: 'PD9', function: 7 },
];

const pinsOf: Partial<Record<FlashController['kind'], readonly UsartPins[]>> = {
  f4: [...f4AndH7, { usart: 'USART6', tx: 'PG14', rx: 'PG9', function: 8 }],
  h7: f4AndH7,
  g0: [
    { usart: 'USART1', tx: 'PA9', rx: 'PA10', function: 1 },
    { usart: 'USART1', tx: 'PC4', rx: 'PC5', function: 1 },
    { usart: 'USART2', tx: 'PA2', rx: 'PA3', function: 1 },
  ],
  l4: [
    { usart: 'USART1', tx: 'PA9', rx: 'PA10', function: 7 },
    { usart: 'USART2', tx: 'PA2', rx: 'PA3', function: 7 },
    { usart: 'USART3', tx: 'PC10', rx: 'PC11', function: 7 },
  ],
  u5: [
    { usart: 'USART1', tx: 'PA9', rx: 'PA10', function: 7 },
    { usart: 'USART2', tx: 'PD5', rx: 'PD6', function: 7 },
  ],
};

/** Whether the pin is that USART's, in this direction, with the alternate function that was chosen for it. */
export function leadsTo(
  kind: FlashController['kind'],
  { usart, direction, pin }: { usart: string; direction: 'tx' | 'rx'; pin: string },
  chosen: number | undefined,
): boolean {
  return (pinsOf[kind] ?? []).some(
    (row) => row.usart === usart && row[direction] === pin && row.function === chosen,
  );
}
