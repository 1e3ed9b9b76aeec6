// The controls of `firmseal virtual` for people: shown by --help and by `help`. Their grammar is controls.ts.

export const controlHelp: readonly string[] = [
  'power on|off N        supply of chip N (N may be all)',
  'reset N               its reset pin',
  'boot0 high|low N      its boot pin; counts at the next reset',
  'agent high|low N      the pin that calls the agent; counts at the next reset',
  'cut N at OPERATION [before|torn|after]',
  '                      power fails at that operation of flash or option bytes; +K: the Kth from now',
  'state N               what the chip holds and runs',
  'quit                  ends; so do Ctrl-C and Ctrl-D',
];
