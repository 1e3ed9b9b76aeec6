// The rules that there is one of each: one place that makes requests to the authority and reads its answers,
// one base64url, one place that gives files their names, one way to read JSON from outside.

import { codeLines, type Rule } from './tree.ts';

interface Single {
  /** In a line of code. */
  readonly pattern: RegExp;
  /** Where it may stand, by the start of a path. */
  readonly home: readonly string[];
  /** Looked for in tests too. */
  readonly tests: boolean;
  readonly reason: string;
}

/** Generated; its texts name headers and commands. */
const errorTable = 'packages/fault/src/table.ts';

const isTest = (path: string): boolean => /(^|\/)test\/|\.test\.ts$/.test(path);

const singles: readonly Single[] = [
  {
    pattern: /['"`/]v1\/|\/v1['"`]/,
    // The authority's own attack tests speak HTTP to it, as an attacker at the line does.
    home: [
      ...['packages/authority-contract/', 'packages/authority-client/', 'packages/authority/'],
      // A statement of provenance has /v1 in the name of its form.
      'tools/release/',
    ],
    tests: true,
    reason: 'a request to the authority is made by packages/authority-client alone',
  },
  {
    pattern: /(?:await|return|=>|=|\()\s*fetch\(|(?<!\bfc)\.json\(\)|\bfrom ['"]node:https?['"]/,
    // The station of the kill campaign wraps the client's own calls.
    // The webhook of a line posts to an address that is no authority.
    home: [
      'packages/authority-client/',
      'packages/authority/',
      // The protocol between ledgers and witnesses is C2SP's, and a witness is no authority.
      'packages/witness/',
      'lab/kill/station-process.ts',
      'apps/cli/src/line/outlets.ts',
      // An update page fetches the files beside it, from a host that is no authority.
      'apps/updater/src/fetch-part.ts',
      'apps/updater/test/static-host.ts',
      'apps/cli/test/line-events.mosquitto.test.ts',
    ],
    tests: true,
    reason: 'HTTP is spoken, and its answers read, by packages/authority-client alone',
  },
  {
    pattern: /\bBearer\b/,
    home: ['packages/authority-client/', 'packages/authority/'],
    tests: true,
    reason: 'a token is sent by packages/authority-client alone',
  },
  {
    pattern: /['"`]base64url['"`]|\b(?:atob|btoa)\(/,
    // A test of the programmer looks for secrets in every encoding.
    home: ['packages/bytes/src/base64url', 'packages/programmer/src/render.test.ts'],
    tests: true,
    reason: 'base64url is in packages/bytes',
  },
  {
    pattern: /\bvi\.(?:mock|doMock)\(/,
    home: [],
    tests: true,
    reason:
      'test files share a process, where a module that one replaces stays: give the stand-in as an argument',
  },
  {
    pattern: /\b(?:rename|renameSync|fsyncSync|writeSync|writeFileSync|writeFile)\(/,
    home: ['packages/files/src/'],
    tests: false,
    reason: 'files are written by packages/files',
  },
  {
    pattern: /\b(?:readFileSync|readFile)\(/,
    // What it reads is part of the installation, of the system, or opened already.
    home: [
      'packages/files/src/',
      'packages/journal-file-adapter/src/',
      'apps/cli/src/assets.ts',
      'apps/cli/src/virtual/terminal.ts',
      'packages/serial-adapter/src/list-serial.ts',
    ],
    tests: false,
    reason: 'files are read, up to a limit, by packages/files',
  },
  {
    pattern: /\bJSON\.parse\(/,
    // Each of these reads through zod; the others read what their own program wrote under a checksum, or
    // speak between two parts of the laboratory on one machine.
    home: [
      'packages/authority-contract/src/',
      'packages/witness/src/state-file.ts',
      'packages/authority-client/src/http-call.ts',
      'packages/authority/src/http/gate.ts',
      'packages/authority/src/signer/frames.ts',
      // Its own answers, which it sealed.
      'packages/authority/src/service/repeats.ts',
      'packages/boards/src/board-file.ts',
      'packages/keys/src/key-document.ts',
      'packages/programmer/src/journal-line.ts',
      'packages/silicon/src/report.ts',
      'packages/updater/src/offer.ts',
      'packages/virtual-probe/src/',
      'packages/virtual-stm32/src/doors/probe-service.ts',
      'apps/cli/src/batch/identity-records.ts',
      'apps/cli/src/json-file.ts',
      'apps/cli/src/personalization/bring-records.ts',
      'apps/cli/src/virtual/state-file.ts',
    ],
    tests: false,
    reason:
      'JSON from outside is read by zod (docs/decisions/0095-zod-for-json-between-programs.md); name the file here',
  },
];

/**
 * One line for each place that is a second one. Tools, laboratory and benches are
 * held to the rules for tests.
 */
export const oneOfEach: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    if (!/\.(ts|mjs)$/.test(path) || /^tools\/(tidy|generate)\//.test(path) || path === errorTable) return [];
    const product = /^(packages|apps)\//.test(path) && !isTest(path);
    return singles.flatMap(({ pattern, home, tests, reason }) => {
      if ((!product && !tests) || home.some((start) => path.startsWith(start))) return [];
      return codeLines(text).flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${reason}`] : [],
      );
    });
  });
