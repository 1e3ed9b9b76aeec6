// What small-entry.ts loads late; must end in a file of its own in the bundle.

export const lateWord = 'loaded late';
