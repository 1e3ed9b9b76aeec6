// Reads the body of an HTTP answer up to a limit: the other side chooses its length,
// we choose how much we keep.

/**
 * The whole body as text; undefined when it is longer than `mostBytes` (the rest is
 * not fetched) or not UTF-8.
 */
export async function readBoundedBody(response: Response, mostBytes: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = response.body.getReader();
  let text = '';
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    sizeBytes += value.length;
    if (sizeBytes > mostBytes) {
      await reader.cancel();
      return undefined;
    }
    try {
      text += decoder.decode(value, { stream: true });
    } catch {
      await reader.cancel();
      return undefined;
    }
  }
  return text;
}
