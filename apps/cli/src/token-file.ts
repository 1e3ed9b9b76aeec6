// A new token: its text goes into a file that only its owner may read, and is shown nowhere.

import { utf8 } from '@firmseal/bytes';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';

/** Checks the file before the token is made: one that could not be kept would be lost. */
export const checkTokenFile = (file: string): void => refuseUnmakeable([file]);

export const writeToken = (file: string, token: string): void =>
  writeNewFiles([{ path: file, parts: [utf8(`${token}\n`)], mode: 0o600 }]);
