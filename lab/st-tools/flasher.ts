// SEGGER's SFI Flasher Commander as the stand-in has it. No log of it is public: every line is invented, and
// so is what -CRT does. Only the names of its options are not.

import { installLines } from './install-lines.ts';
import { certificateOf, type StandInFiles, type World } from './world.ts';

const after = (words: readonly string[], name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};

export function* flasher(
  world: World,
  words: readonly string[],
  files: StandInFiles,
): Generator<string, number> {
  const serial = after(words, '-SerialNo');
  const chip = serial === undefined ? world.chips[0] : world.chips.find((one) => one.serialNumber === serial);
  yield 'SFI Flasher Commander (stand-in)';
  if (chip === undefined) {
    yield 'Error: no Flasher';
    return 1;
  }
  const certificate = after(words, '-CRT');
  if (certificate !== undefined && !words.includes('-SFI')) {
    files.write(certificate, certificateOf(chip));
    return 0;
  }
  const license = files.read(after(words, '-License') ?? '');
  if (license === undefined) {
    yield 'Error: no license';
    return 1;
  }
  return yield* installLines(world, chip, license);
}
