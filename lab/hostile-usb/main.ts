// `npm run lab -- hostile-usb [requests] [seed] [chip]`: 1,000,000 requests of a hostile host against
// the machine code that ships with USB, on the model of its controller. Exit code 1 at the
// first that is not as it must be.

import { atMost, oneOf, readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { hostileUsb, usbChips } from './campaign.ts';

const asked = readCommandLine('npm run lab -- hostile-usb [requests] [seed] [chip]', (words) => {
  atMost(words, 3);
  const [text = '1000000', seed = 'usb', chip = 'stm32h743'] = words;
  return { requests: wholeNumber(text, 'requests'), seed, chipId: oneOf(chip, 'chip', usbChips) };
});
const { requests, stalls, busEvents } = await hostileUsb(asked);
console.log(
  `${asked.chipId}: ${requests} requests, ${stalls} of them refused by a STALL, ${busEvents} resets, sleeps, cuts ` +
    `and pulled cables, seed ${asked.seed}: each answered, no fault of the processor, no mistake of the driver`,
);
