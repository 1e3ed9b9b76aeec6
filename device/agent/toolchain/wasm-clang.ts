// A process with clang for WebAssembly in it, which wasm-compiler.ts starts and sends work to: one command a
// message, answered by one message. It has no work of its own and ends with the process that started it.

import { commands, runLLVM } from '@yowasp/clang';

/** A tree of folders and files; a file is its text or its bytes. */
export type FileTree = { [name: string]: string | FileTree | Uint8Array };

export type ClangRequest = { id: number; args: string[]; files: FileTree };

/** The folders after the command, or, in `messages`, what the compiler says about a failed one. */
export type ClangAnswer = { id: number; files?: FileTree; messages?: string };

// Loads the compiler without its report of progress.
const loaded = runLLVM(undefined, undefined, { fetchProgress: () => {} });

async function run({ id, args, files }: ClangRequest): Promise<ClangAnswer> {
  await loaded;
  const messages: Uint8Array[] = [];
  const keep = (bytes: Uint8Array | null) => {
    if (bytes) messages.push(bytes);
  };
  try {
    return { id, files: (await commands.clang(args, files, { stdout: keep, stderr: keep })) as FileTree };
  } catch {
    // The error that was caught holds all the sources, and would be printed with them.
    return { id, messages: Buffer.concat(messages).toString() };
  }
}

process.on('message', async (request: ClangRequest) => {
  process.send?.(await run(request));
});
process.on('disconnect', () => process.exit());
