// Lists of the authority come in pages: this asks for one after the other.

/** Every item; `read` answers one page that begins at a place. */
export async function* readPages<T>(
  read: (from: number) => Promise<{ readonly items: readonly T[]; readonly more: boolean }>,
): AsyncGenerator<T> {
  for (let from = 0; ; ) {
    const { items, more } = await read(from);
    yield* items;
    from += items.length;
    if (!more || items.length === 0) return;
  }
}
