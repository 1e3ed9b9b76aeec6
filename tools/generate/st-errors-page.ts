// The page of ST's error texts and chip states, docs/st-errors.md: its tables are
// packages/sfi/data/causes.json and the families of packages/sfi, so that the command
// and the page say the same.

import { type Cause, causes, type LifeState, sfiFamilies } from '@firmseal/sfi';

const head = [
  "# ST's secure installer: error texts and states",
  '',
  "For users of ST's own Secure Firmware Install (SFI): which error text means what, what helped, and whether it cost a license. `firmseal sfi inspect`",
  "tells the rows of this page for a kept log, and `firmseal sfi install` while it drives ST's tool. **We tested none of it.** A cause or remedy",
  'marked (ours) is our own reading.',
  '',
  `*Sources.* "ST n" is thread n of ST's community (community.st.com, \`/td-p/n\`), "QA n" of qa-community.st.com. AN5054, AN4992, AN6008 and the`,
  `wiki (wiki.st.com/stm32mcu) are ST's; "H5 scripts" are the ROT_Provisioning scripts in STMicroelectronics/STM32CubeH5, "SM" the`,
  "provisioning script of ST's Secure Manager; KB is kb.segger.com. *License*: whether a license of the card was spent, judged by the",
  'order of the log lines.',
  '',
  '## Check first',
  '',
  '- **The part has SFI.** F4, H743, G0 and WB do not (AN5054). Order codes decide on H73x, H75x, H7Bx and L4 (AN4992).',
  '- **Flash is erased; no PCROP and no write protection** (AN5054).',
  '- **The state is the one that SFI starts from**: H5 open (0xED), H7RS open (0x39), U5 and L5 readout level 0 or 0.5 (AN5054).',
  "- **The chip's own firmware is new enough**: H7RS SFSP 1.1.0, H5 SFSP 2.4.0 for external flash (AN5054), H735 bootloader 9.3 (wiki).",
  "- **The RSSe file matches your version of the tool.** ST's advisory SA0022 names RSSe files of CubeProgrammer 2.14 to 2.17 that must be",
  '  replaced by those of X-CUBE-RSSe 1.0.0 or later',
  '  ([copy](https://manuals.plus/_st/sa0022-sfi-secure-future-initiative-manual)).',
  '- **The personalization file of the card fits the chip**: its name starts with the first 8 characters of `-gc` (H75x 45002001, L4 46201002,',
  '  L5 47201003, WL 49701005; AN5054).',
  '- **Keep the license.** A license works again on the same chip without the card (AN5054 3.2.1). Saving it to a file first makes retries',
  '  free (ours).',
  '',
];

const tail = [
  'Way back from level 0.5: ST 802238; keys for levels 1 and 2: ST 569675; lowest state of an install: AN4992. H7RS sets its state with `-psrss`. On H7,',
  "the bit SECURITY lets the chip boot through ST's ROM. A WL5 needs its factory option bytes back (`-dsecurity`, `-setdefaultob`; AN5054 5.3.3).",
  '',
  'A regression of H5 erases flash, SRAM and OBK (AN6008). Password with TrustZone off, certificate with TrustZone on; mixed, the chip can be',
  'lost (AN6008). The H503 keeps its hash in OTP: there is one try (KB).',
  '',
  '## Trust no exit code alone',
  '',
  "ST's own scripts rely on a non-zero exit status, then wait 3 s and declare success without reading the state (SM). Users saw exit status 0",
  'with nothing erased (2.4.0, QA 60241), an `Error:` line followed by `done successfully` (2.13, QA 20877), and an unknown option byte that',
  'was only a warning (ST 677025). Read the final state back, and keep the log.',
];

const ofKind = (kind: Cause['kind']): readonly Cause[] => causes.filter((cause) => cause.kind === kind);

const row = (...cells: readonly (string | undefined)[]): string =>
  `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;

const heading = (...names: readonly string[]): string[] => [row(...names), `|${'---|'.repeat(names.length)}`];

const hex = (value: number): string => `0x${value.toString(16).toUpperCase()}`;

const stateRow = (name: string, { value, name: state, allows, wayBack, lost }: LifeState): string =>
  row(name, `${hex(value)} ${state}`, allows, allows === 'everything' ? '' : (wayBack ?? 'none'), lost);

/** Families that share their states share their rows. */
function stateRows(): string[] {
  const groups = new Map<readonly LifeState[], string[]>();
  for (const { name, states } of sfiFamilies) groups.set(states, [...(groups.get(states) ?? []), name]);
  return [...groups].flatMap(([states, names]) => states.map((state) => stateRow(names.join(', '), state)));
}

function page(): string {
  return [
    ...head,
    '## Looks like an error and is not',
    '',
    ...heading('Text', 'Meaning', 'Source'),
    ...ofKind('harmless').map(({ text, cause, source }) => row(text, cause, source)),
    '',
    '## During the install',
    '',
    ...heading('Text', 'On', 'Cause', 'Remedy', 'License', 'Source'),
    ...ofKind('install').map((one) => row(one.text, one.on, one.cause, one.remedy, one.license, one.source)),
    '',
    '## Before and after the install',
    '',
    ...heading('Text', 'On', 'Cause', 'Remedy', 'Source'),
    ...ofKind('around').map((one) => row(one.text, one.on, one.cause, one.remedy, one.source)),
    '',
    '## Chip states',
    '',
    ...heading('Family', 'State', 'Allows', 'Way back', 'Erased by it'),
    ...stateRows(),
    '',
    ...tail,
    '',
  ].join('\n');
}

export const generateStErrors = (): Map<string, string> => new Map([['docs/st-errors.md', page()]]);
