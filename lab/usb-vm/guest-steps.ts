// Steps of a script in the guest: each a command with a name, told apart in what the guest prints.

import type { UsbDevice } from '@firmseal/virtual-stm32';
import type { Guest } from './guest.ts';
import { runInGuest } from './run-in-guest.ts';

export interface StepResult {
  readonly printed: string;
  readonly status: number;
}

export interface GuestRun {
  /** In the order of their ports: path `1-1` in the guest, `1-2`, ... */
  readonly plugged: readonly { readonly device: UsbDevice | undefined }[];
  /** Name of a step, and its command for sh. A command that fails does not end the run. */
  readonly steps: readonly (readonly [string, string])[];
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** The clients take seconds on an idle machine, and minutes on a busy one. */
const timeoutMs = 580_000;

const script = (steps: GuestRun['steps']): string =>
  steps.map(([name, command]) => `echo '@@step ${name}'\n( ${command} ) 2>&1\necho "@@status $?"\n`).join('');

/** Runs the steps in one machine; gives what each printed, by its name. */
export async function runSteps(
  guest: Guest,
  { plugged, steps, files }: GuestRun,
): Promise<Map<string, StepResult>> {
  // The objects stay as they are: what is plugged into a port may change while the machine runs.
  const devices = plugged.map((port, index) => ({
    busId: `1-${index + 1}`,
    get device() {
      return port.device;
    },
  }));
  const { output } = await runInGuest({ guest, devices, script: script(steps), files, timeoutMs });
  const found = output.matchAll(/@@step (.+)\n([\s\S]*?)@@status (\d+)\n/g);
  return new Map(
    [...found].map(([, name, printed, status]) => [name!, { printed: printed!, status: Number(status) }]),
  );
}
