// A call of the interface as a page uses it: the answer, the fault, and again. While a page asks anew, the
// answer before stays; an answer that was overtaken is dropped. A token that is refused ends the session.

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

/** `everyMs`: asks again so often while the page is seen. */
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
  // What was asked for another page is not shown on this one, but stays while the same list is asked anew.
  const { answer, fault } = state.path === path ? state : { answer: undefined, fault: undefined };
  return { answer, fault, again };
}
