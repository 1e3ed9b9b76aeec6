// `npm run lab -- hostile-usb [requests] [seed]`: 1,000,000 requests of a hostile host against
// the machine code that ships with USB, on the model of its controller. Exit code 1 at the
// first that is not as it must be.

import { atMost, readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { hostileUsb, hostileUsbChip } from './campaign.ts';

const asked = readCommandLine('npm run lab -- hostile-usb [requests] [seed]', (words) => {
  atMost(words, 2);
  const [text = '1000000', seed = 'usb'] = words;
  return { requests: wholeNumber(text, 'requests'), seed };
});
const { requests, stalls, busEvents } = await hostileUsb(asked);
console.log(
  `${hostileUsbChip}: ${requests} requests, ${stalls} of them refused by a STALL, ${busEvents} resets, sleeps, cuts ` +
    `and pulled cables, seed ${asked.seed}: each answered, no fault of the processor, no mistake of the driver`,
);
