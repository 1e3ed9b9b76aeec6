// A file of the catalogue that says `like` another holds what differs from that one: a merge patch
// by RFC 7396. Objects are merged key by key, null takes a key out, any other value (lists too)
// takes the place of what was there.

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

/** The whole file of a chip: itself, or merged into that of the chip that it is like. */
export function wholeFile(file: Json, files: Readonly<Record<string, Json>>): Json {
  const { like, ...patch } = file;
  return typeof like === 'string' ? (merge(files[like], patch) as Json) : file;
}
