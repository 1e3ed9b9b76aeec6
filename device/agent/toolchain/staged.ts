// Whose agents take a package that the application put into flash (core/fs_staged.c). The others have
// port/unstaged in its place: their slot has no room for it.

/** By chip id. */
const withoutRoom: readonly string[] = ['stm32g0b1'];

export const takesStaged = (chipId: string): boolean => !withoutRoom.includes(chipId);
