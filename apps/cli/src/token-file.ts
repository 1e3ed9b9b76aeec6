// A new token: its text goes into a file that only its owner may read, and is shown nowhere.

import { refuseUnwritable } from '@firmseal/files';
import { writeText } from './files.ts';

/** Checks the file before the token is made: one that could not be kept would be lost. */
export const checkTokenFile = (file: string): void => refuseUnwritable(file, { existing: 'refuse' });

export const writeToken = (file: string, token: string): void => writeText(file, `${token}\n`, 0o600);
