// The vectors of single messages and of USB control requests (vectors/link), sent to an agent: WebAssembly or
// machine code, as the caller makes its chips.

import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@firmseal/bytes';
import { ChipUsbPort, UsbControl } from '@firmseal/virtual-stm32';
import type { Line } from './line.ts';

interface MessageCase {
  readonly name: string;
  readonly lifeCycle: 'blank' | 'personalized';
  readonly type: number;
  readonly body: string;
  readonly fault?: string;
}

interface Step {
  readonly setup: string;
  readonly data?: string;
  readonly answer?: string;
  readonly stall?: true;
}

interface UsbCase {
  readonly name: string;
  readonly steps: readonly Step[];
}

const load = <T>(name: string): { readonly chip: string; readonly cases: readonly T[] } =>
  JSON.parse(readFileSync(new URL(`../../../vectors/link/${name}.json`, import.meta.url), 'utf8'));

export const messageVectors = load<MessageCase>('messages');
export const usbVectors = load<UsbCase>('usb');

/** The fault that the agent answers, or 0. The chip was just reset and is in the case's life cycle. */
export const messageOutcome = (line: Line, { type, body }: MessageCase): string | 0 =>
  line.try(type, fromHex(body)).status;

const getStatus = 'a103';
/** Without bwPollTimeout, which is an estimate. */
const compared = (setup: string, answer: string): string =>
  setup.startsWith(getStatus) ? `${answer.slice(0, 2)}${answer.slice(8)}` : answer;

/** What came back for each step, in the form of the vectors. The chip was just reset and is blank. */
export async function usbOutcome(line: Line, { steps }: UsbCase) {
  const port = new ChipUsbPort(line.chip);
  try {
    const control = new UsbControl(port.device!);
    await control.handle({ requestType: 0, request: 9, value: 1, index: 0, length: 0 }, new Uint8Array(0));
    const found: { setup: string; answer: string | undefined }[] = [];
    const due: typeof found = [];
    for (const step of steps) {
      const bytes = fromHex(step.setup);
      const view = new DataView(bytes.buffer);
      const [value, index, length] = [2, 4, 6].map((at) => view.getUint16(at, true)) as [
        number,
        number,
        number,
      ];
      const request = { requestType: bytes[0]!, request: bytes[1]!, value, index, length };
      const answer = await control.handle(request, fromHex(step.data ?? ''));
      const { setup } = step;
      found.push({ setup, answer: answer && compared(setup, toHex(answer)) });
      due.push({ setup, answer: step.stall ? undefined : compared(setup, step.answer ?? '') });
    }
    return { found, due };
  } finally {
    port.close();
  }
}
