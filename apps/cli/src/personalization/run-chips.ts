// All chips of one `firmseal personalize` at once, each with its own way and link; a fault ends one
// chip and leaves the others alone.

import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import type { Chip } from '@firmseal/chips';
import { Fault, faultLabel } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import {
  type OpenAgent,
  type PersonalizedDevice,
  type PersonalizeOptions,
  type PersonalizeStep,
  personalizeChip,
} from '@firmseal/personalization';
import { parsePlace } from '@firmseal/places';
import type { Face } from '../face.ts';
import { openProgrammer } from '../programmer-place.ts';
import type { Stations } from '../remote/stations.ts';
import { openSocket } from '../sockets.ts';
import type { Plug } from './plugs.ts';

const steps: Readonly<Record<PersonalizeStep, string>> = {
  'agent-written': 'agent written and read back',
  'protected-first': 'final protection set, before there are keys',
  'identity-made': 'identity made in the chip',
  certified: 'certified by the device CA',
  protected: 'final protection in force, as the chip itself says',
  'finished-before': 'an earlier run had finished this chip; its identity and protection are as wanted',
};

/** The agent behind a socket, once for each time that personalization asks. */
const agentOpener =
  (socket: string, stations: Stations): OpenAgent =>
  async () => {
    const stream = await openSocket(socket, stations);
    const agent = await AgentClient.connect({ stream, clock: systemClock }); // closes the stream where it throws
    return { agent, close: () => stream.close() };
  };

/** Who writes the agent: a programmer of this machine, or the station where the chip is. */
function wayOf(
  via: string,
  { chip, stations }: ChipsRun,
): Pick<PersonalizeOptions, 'openProgrammer' | 'writer'> {
  if (via === 'written') return {};
  const place = parsePlace(via);
  if (place.kind === 'station') return { writer: stations.writer(place, chip.id) };
  return { openProgrammer: () => openProgrammer(via, chip) };
}

export interface ChipsRun {
  readonly face: Face;
  readonly chip: Chip;
  readonly plugs: readonly Plug[];
  readonly stations: Stations;
  readonly shared: Omit<
    PersonalizeOptions,
    'openProgrammer' | 'writer' | 'openAgent' | 'onStep' | 'clock' | 'chip'
  >;
  /** Called for each chip that was let go, before it counts as done. */
  readonly onDevice: (device: PersonalizedDevice, plug: Plug) => Promise<void>;
}

async function runChip(run: ChipsRun, plug: Plug, say: (text: string) => string): Promise<void> {
  const { face, chip, shared, onDevice } = run;
  const { via, socket } = plug;
  const device = await personalizeChip({
    ...{ ...shared, chip, clock: systemClock },
    ...wayOf(via, run),
    openAgent: agentOpener(socket, run.stations),
    onStep: (step) => face.tell({ event: 'step', via, socket, step }, say(steps[step])),
  });
  await onDevice(device, plug);
  const thumbprint = toHex(device.device.thumbprint);
  face.tell(
    {
      ...{ event: 'personalized', via, socket, thumbprint, uniqueId: toHex(device.uniqueId) },
      ...{ level: shared.level, origin: device.device.origin },
    },
    say(`device ${thumbprint.slice(0, 16)}, readout level ${shared.level}`),
  );
}

/** Throws the fault of the only chip, or `chips-not-personalized` with the first one as its cause. */
export async function runChips(run: ChipsRun): Promise<void> {
  const { face, plugs } = run;
  const failed: Fault[] = [];
  const one = async (plug: Plug, index: number): Promise<void> => {
    const say = (text: string) => `[${index + 1}] ${plug.socket}: ${text}`;
    try {
      await runChip(run, plug, say);
    } catch (error) {
      if (!(error instanceof Fault) || plugs.length === 1) throw error;
      failed.push(error);
      const { code, number, message, remedy } = error;
      face.tell(
        { event: 'failed', ...plug, code, number, sentence: message, remedy },
        say(`${faultLabel(code)} ${code}: ${message} What to do: ${remedy}`),
      );
    }
  };
  await Promise.all(plugs.map(one));
  if (failed.length > 0)
    throw new Fault(
      'chips-not-personalized',
      { failed: failed.length, all: plugs.length },
      { cause: failed[0] },
    );
}
