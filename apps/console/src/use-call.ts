// A call of the interface as a page uses it: its answer, its fault, and a function that repeats it. While the
// call is repeated, the previous answer stays. An answer to an older call is dropped. A refused token ends
// the session.

import {
  type CallAnswer,
  type CallInput,
  type CallName,
  calls,
  encodeRequest,
} from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useSession } from './session.ts';

export type PageCall = Exclude<CallName, 'exportEvidence'>;

const endsSession: readonly string[] = ['token-missing', 'token-refused', 'token-expired'];

export const asFault = (error: unknown): Fault =>
  error instanceof Fault ? error : new Fault('internal-error', { detail: String(error) }, { cause: error });

/** Sends a call on demand. Rejects with the fault. */
export function useSend(): <N extends PageCall>(name: N, input: CallInput<N>) => Promise<CallAnswer<N>> {
  const { client, end } = useSession();
  return useCallback(
    async (name, input) => {
      try {
        return await client.call(name, input);
      } catch (error) {
        const fault = asFault(error);
        if (endsSession.includes(fault.code)) end(fault);
        throw fault;
      }
    },
    [client, end],
  );
}

export interface Asked<N extends PageCall> {
  readonly answer: CallAnswer<N> | undefined;
  readonly fault: Fault | undefined;
  readonly again: () => void;
}

/** `everyMs`: asks again so often while the page is visible. */
export function useCall<N extends PageCall>(
  name: N,
  input: CallInput<N>,
  { everyMs }: { everyMs?: number } = {},
): Asked<N> {
  const send = useSend();
  const { path } = encodeRequest(calls[name], input as never);
  const [state, setState] = useState<{ path: string; answer?: CallAnswer<N>; fault?: Fault }>({ path });
  const [round, setRound] = useState(0);
  const asked = useRef(input);
  asked.current = input;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path stands for the input, `round` asks again
  useEffect(() => {
    let current = true;
    send(name, asked.current).then(
      (answer) => current && setState({ path, answer }),
      (fault: Fault) =>
        current && setState((before) => ({ ...(before.path === path ? before : {}), path, fault })),
    );
    return () => {
      current = false;
    };
  }, [send, name, path, round]);
  const again = useCallback(() => setRound((before) => before + 1), []);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && again(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, again]);
  // The answer for another path is not shown. The previous answer for the same path stays until the next.
  const { answer, fault } = state.path === path ? state : { answer: undefined, fault: undefined };
  return { answer, fault, again };
}
