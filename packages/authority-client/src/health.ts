// Whether an authority answers at all, before there is a token: for those who look at a machine or a network.

const timeoutMs = 10_000;

export interface Health {
  /** Whether the authority says that it can work. */
  readonly ok: boolean;
  /** Of HTTP. */
  readonly status: number;
  /** The authority's clock, as its `Date` header says it. */
  readonly date: string | null;
}

/** No token is sent, and nothing of the answer's body is read. Rejects where nobody answers within 10 s. */
export async function askHealth(address: string, ask: typeof fetch = fetch): Promise<Health> {
  const answer = await ask(new URL('/v1/health', address), { signal: AbortSignal.timeout(timeoutMs) });
  await answer.body?.cancel();
  const { ok, status, headers } = answer;
  return { ok, status, date: headers.get('date') };
}
