// As weakened.ts, hardenings of the ports.

import type { Weakening } from './weakened-build.ts';

export const portWeakenings: readonly Weakening[] = [
  {
    name: 'flash of F427: a read ends in a jump',
    chip: 'stm32f427',
    file: '../port/stm32f427/flash.c',
    changes: [
      [
        '  fs_barrier(); /* something behind the call: a jump in its place, left out, would run on into what programs flash */\n',
        '',
      ],
    ],
    scenarios: ['record with wrong tag'],
  },
  {
    name: 'option bytes: planned once',
    file: '../port/stm32/flash_ecc.c',
    changes: [
      [
        'FS_TRY(fs_plan_options(register_ids, values, count, again));',
        'for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) again[i] = wanted[i];',
      ],
    ],
    scenarios: ['license whose option bytes are to be applied first'],
  },
  {
    name: 'option bytes: a word may hold the bit that starts them',
    chip: 'stm32f427',
    file: '../port/stm32f427/flash.c',
    changes: [['= wanted[i] & fs_option_places[i].bits;', '= wanted[i];']],
    scenarios: ['license whose option bytes are to be applied first'],
  },
];
