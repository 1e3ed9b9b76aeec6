// A number with its noun, as people read it.

/** `1 socket`, `2 sockets`; of nouns whose plural is an s. */
export const howMany = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
