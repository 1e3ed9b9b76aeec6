// Hosts in places: names, IPv4 and IPv6 addresses (spec/places.md section 1), in their one text (section 3).

/** What is wrong with a text, or what it says. */
export type Reading<T> = { readonly value: T } | { readonly reason: string };

const wrong = (reason: string): Reading<never> => ({ reason });

/**
 * `number` of the grammar, within least..most; undefined for anything else, leading zeros and signs among it.
 */
export function readNumber(
  text: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  if (!/^(?:0|[1-9]\d{0,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** '[' ipv6 ']' without its brackets. The reader of addresses is the one that every URL goes through. */
function readIpv6(text: string): Reading<string> {
  // A zone, a port or a closing bracket would be read as something else by the URL reader.
  if (!/^[0-9A-Fa-f:.]+$/.test(text)) return wrong('between the brackets stands no IPv6 address');
  const url = `http://[${text}]/`;
  if (!URL.canParse(url)) return wrong('between the brackets stands no IPv6 address');
  return { value: new URL(url).hostname.slice(1, -1) };
}

const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** host ::= name | ipv4 | '[' ipv6 ']' */
export function readHost(text: string): Reading<string> {
  if (text.length === 0) return wrong('it is empty');
  if (text.startsWith('[') && text.endsWith(']')) return readIpv6(text.slice(1, -1));
  if (text.includes(':')) return wrong('an IPv6 address stands in brackets, as in [::1]');
  const labels = text.split('.');
  // What ends in digits is an address: a name never does, so the two cannot be taken for each other.
  if (/^\d+$/.test(labels.at(-1)!)) {
    const isAddress =
      labels.length === 4 && labels.every((one) => readNumber(one, { least: 0, most: 255 }) !== undefined);
    return isAddress ? { value: text } : wrong('an IPv4 address has four numbers from 0 to 255');
  }
  if (text.length > 253) return wrong('a name has at most 253 characters');
  const bad = labels.find((one) => !label.test(one));
  if (bad === undefined) return { value: text.toLowerCase() };
  return wrong(
    bad === '' ? 'a name has no two dots in a row, and none at its ends' : `a name has no part ${bad}`,
  );
}
