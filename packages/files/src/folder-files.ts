// Files below one folder by their paths in it, as a web server would serve them: each is there whole or not
// at all. Paths are the program's own; one that comes from outside has to be checked before it gets here.

import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from './read-bounded-file.ts';
import { faultOfFile } from './system-fault.ts';
import { writeWholeFile } from './write-whole-file.ts';

export interface FolderFiles {
  /**
   * Undefined when there is no such file. In `into`, and a part of it, where that has room. Throws what
   * readBoundedFile does.
   */
  read(path: string, into?: Bytes): Promise<Uint8Array | undefined>;
  /** On the disk when it resolves; folders above it are made. Throws what writeWholeFile does. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** A folder with all that is in it; nothing when the folder does not exist. */
  remove(path: string): Promise<void>;
}

/** `mostBytes`: of a file that is read. */
export function filesOfFolder(folder: string, mostBytes: number): FolderFiles {
  return {
    read: async (path, into) => {
      try {
        return readBoundedFile(join(folder, path), mostBytes, into);
      } catch (fault) {
        if (fault instanceof Fault && fault.code === 'file-missing') return undefined;
        throw fault;
      }
    },
    write: async (path, bytes) => {
      const target = join(folder, path);
      try {
        mkdirSync(dirname(target), { recursive: true });
      } catch (error) {
        throw faultOfFile(error, target, 'written');
      }
      writeWholeFile(target, [bytes]);
    },
    remove: async (path) => {
      try {
        rmSync(join(folder, path), { recursive: true, force: true });
      } catch (error) {
        throw faultOfFile(error, join(folder, path), 'written');
      }
    },
  };
}
