// Reads what ST's STM32_Programmer_CLI prints, line by line as it comes, or a log that somebody kept
// (spec/sfi.md section 6). Both the command's form and the window's form are known, the latter with a time
// before each line. Nothing here decides whether an install worked: outcome.ts does.

import { familyOfDevice, type SfiFamily } from './families.ts';

/** How far an install came; in this order, though not every family shows every step. */
export const installSteps = [
  'image-parsed',
  'certificate-asked',
  'certificate-read',
  'license-asked',
  'license-drawn',
  'install-started',
  'security-on',
  'descriptor-read',
  'installer-started',
  'license-processed',
  'areas-begun',
  'areas-written',
  'reconnecting',
  'finished',
] as const;
export type InstallStep = (typeof installSteps)[number];

/** Lines of published logs, each with the step that it shows. */
const stepWords: readonly (readonly [RegExp, InstallStep])[] = [
  [/SFI header information|SFI parsing file started|Parsed File SUCCESS/, 'image-parsed'],
  [/Requesting Chip Certificate/, 'certificate-asked'],
  [/Get Certificate done successfully/, 'certificate-read'],
  [/requesting license for the current/, 'license-asked'],
  [/Succeed to generate license|Succeed to get License for Firmware from HSM/, 'license-drawn'],
  [/Starting Firmware Install operation/, 'install-started'],
  [/Activating security Success/, 'security-on'],
  [/STM32 Descriptor successfully read|Get RSSe status/, 'descriptor-read'],
  [/^Starting SFI\b/, 'installer-started'],
  [/Processing license|License Install\b|Writing license to address/, 'license-processed'],
  [/Installing Areas|Writing areas and areas wrapper/, 'areas-begun'],
  [/Succeed to write Areas|all areas processed/, 'areas-written'],
  [/Attempt to reconnect to check on SFI success/, 'reconnecting'],
];

/**
 * The line with which the tool says that it is done. The first form is of a published log; the H5 and H7RS
 * show theirs only in a figure, so the second form is what such a sentence can be.
 */
const positiveWords =
  /SFI Process Finished ?!|SFI (?:file|process|operation|install(?:ation)?)\b.{0,40}\bsuccess/i;

interface LoggedArea {
  readonly type: string;
  readonly sizeBytes?: number;
  readonly destinationAddress?: number;
}

export interface LoggedError {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface ToolLog {
  /** Whether any line is of ST's tools. */
  readonly recognized: boolean;
  readonly toolVersion?: string;
  /** `Windows-64Bits` */
  readonly system?: string;
  readonly probe?: 'st-link' | 'j-link';
  readonly deviceId?: number;
  readonly deviceName?: string;
  readonly family?: SfiFamily;
  readonly bootloader?: string;
  readonly protocolVersion?: number;
  readonly imageVersion?: number;
  readonly areaCount?: number;
  readonly areas: readonly LoggedArea[];
  /** Each once, in the order in which they came. */
  readonly steps: readonly InstallStep[];
  readonly positive?: LoggedError;
  readonly errors: readonly LoggedError[];
  readonly warnings: readonly LoggedError[];
  /** Option bytes that the tool printed or compared, by name; the latest value of each. */
  readonly fields: Readonly<Record<string, number>>;
  /** `ST_LIFECYCLE_CLOSED`, from a discovery of debug authentication. */
  readonly lifecycle?: string;
  /** 0xeaeaeaea where debug authentication data are provisioned. */
  readonly integrity?: number;
  /** Of `-hsmgetcounter` and `-hsmgetinfo`. */
  readonly cardCounter?: number;
  readonly cardState?: string;
  readonly cardFirmware?: string;
  /** The command took its license from a card. */
  readonly namesCard: boolean;
  readonly lines: readonly string[];
}

/** Words of ST's tools, by which a text without any step of an install is known for a log of theirs. */
const toolWords =
  /STM32_Programmer_CLI|STM32CubeProgrammer|TrustedPackageCreator|\b[Oo]ption [Bb]ytes?\b|OPTION BYTES|RSSLIB|\bST-LINK\b|\bRSSe?\b|\bSFI\b|\bHSM\b|Debug Authentication|^discovery:|\bOBKey|SDMOpen|DBGMCU/;

/** How its lines begin, or `name : value`; prose that mentions the tools has neither. */
const toolForm =
  /^(?:Error|Warning|discovery|OBKey|SDM|UPLOADING|PROGRAMMING|OPTION BYTES?|ST-LINK|STM32Cube|Succeed|\S*STM32_Programmer_CLI)|\s:\s/;

const mostLines = 20_000;
const mostCharacters = 2_000;
const mostAreas = 70_000;
/** Names of a printout that look like option bytes and are not. */
const noOptionBytes = /^(?:bank|address|size|value|voltage|board|revision)$/i;

/** A terminal's sequence: ESC, a bracket, digits, a letter. */
const colour = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

/**
 * Without colours, the time at its start, and what stands over a progress bar. A log is somebody's word: what
 * could steer the terminal that shows it becomes `?`.
 */
export function plainLine(raw: string): string {
  return raw
    .slice(0, mostCharacters)
    .replaceAll(colour, '')
    .replace(/^.*\r(?=.)/, '')
    .replace(/^\s*\d{1,2}:\d{2}:\d{2}(?:[:.,]\d{1,3})?\s*:\s?/, '')
    .replaceAll('\t', ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
    .trim();
}

const number = (text: string): number => Number(text) >>> 0;

/** Takes lines one by one; `log` says what they told so far. */
export class ToolLogReader {
  readonly #onStep: (step: InstallStep) => void;
  readonly #areas: { type: string; sizeBytes?: number; destinationAddress?: number }[] = [];
  readonly #steps: InstallStep[] = [];
  readonly #errors: LoggedError[] = [];
  readonly #warnings: LoggedError[] = [];
  readonly #lines: string[] = [];
  readonly #fields = new Map<string, number>();
  #found: Partial<Record<string, string>> = {};
  #positive: LoggedError | undefined;
  #recognized = false;
  #namesCard = false;
  #count = 0;

  constructor(onStep: (step: InstallStep) => void = () => undefined) {
    this.#onStep = onStep;
  }

  take(raw: string): void {
    const text = plainLine(raw);
    this.#count++;
    if (text === '' || this.#lines.length >= mostLines) return;
    this.#lines.push(text);
    if (toolForm.test(text) && toolWords.test(text)) this.#recognized = true;
    if (/\bSFI HSM slot ID\b|\bhsm=1\b/.test(text)) this.#namesCard = true;
    const at = { line: this.#count, text };
    if (/^Error\b/i.test(text)) this.#errors.push(at);
    if (/^Warning\b/i.test(text)) this.#warnings.push(at);
    this.#takeHead(text);
    this.#takeArea(text);
    this.#takeField(text);
    const step = stepWords.find(([words]) => words.test(text))?.[1];
    if (step !== undefined) this.#reach(step);
    if (positiveWords.test(text) && !/^(?:Error|Warning)/i.test(text)) {
      this.#positive = at;
      this.#reach('finished');
    }
  }

  #reach(step: InstallStep): void {
    this.#recognized = true;
    if (this.#steps.includes(step)) return;
    this.#steps.push(step);
    this.#onStep(step);
  }

  #takeHead(text: string): void {
    for (const [name, form] of headForms) {
      const [, value] = form.exec(text) ?? [];
      if (value === undefined) continue;
      this.#recognized = true;
      this.#found[name] = value.trim();
    }
    if (/^ST-LINK SN\b/i.test(text)) this.#found['probe'] = 'st-link';
    else if (/\bJ-?Link\b/i.test(text) || /^Device=Cortex/.test(text)) this.#found['probe'] ??= 'j-link';
  }

  #takeArea(text: string): void {
    const [, type] = /^Area type\s*:\s*(\S)$/.exec(text) ?? [];
    if (type !== undefined && this.#areas.length < mostAreas) this.#areas.push({ type });
    const area = this.#areas.at(-1);
    const [, size] = /^Area size\s*:\s*(\d{1,10})$/.exec(text) ?? [];
    if (size !== undefined && area !== undefined) area.sizeBytes = Number(size);
    const [, address] = /^Area destination address\s*:\s*(0x[0-9a-fA-F]{1,8})$/.exec(text) ?? [];
    if (address !== undefined && area !== undefined) area.destinationAddress = Number(address);
  }

  #takeField(text: string): void {
    const [, name, value] =
      /^"?([A-Za-z][A-Za-z0-9_]{2,24})"?\s*:\s*(0x[0-9a-fA-F]{1,8}|-?\d{1,10})\b(?:\s*\(.*\)?)?,?$/.exec(
        text,
      ) ??
      /^Warning: Option Byte: (\w{2,24}), value: (0x[0-9a-fA-F]{1,8}), was not modified/.exec(text) ??
      /^Error: Expected value for Option Byte "?(\w{2,24})"?: 0x[0-9a-fA-F]{1,8}, found: (0x[0-9a-fA-F]{1,8})/.exec(
        text,
      ) ??
      [];
    if (name === undefined || value === undefined || noOptionBytes.test(name)) return;
    this.#fields.set(name, number(value));
  }

  get log(): ToolLog {
    const found = this.#found;
    const optional = <K extends string, V>(name: K, value: V | undefined) =>
      (value === undefined ? {} : { [name]: value }) as { [key in K]?: V };
    const asNumber = (name: string) => (found[name] === undefined ? undefined : Number(found[name]));
    const deviceId = asNumber('deviceId');
    return {
      recognized: this.#recognized || this.#fields.size > 3,
      ...optional('toolVersion', found['toolVersion']),
      ...optional('system', found['system']),
      ...optional('probe', found['probe'] as 'st-link' | 'j-link' | undefined),
      ...optional('deviceId', deviceId),
      ...optional('deviceName', found['deviceName']),
      ...optional('family', deviceId === undefined ? undefined : familyOfDevice(deviceId)),
      ...optional('bootloader', found['bootloader']),
      ...optional('protocolVersion', asNumber('protocolVersion')),
      ...optional('imageVersion', asNumber('imageVersion')),
      ...optional('areaCount', asNumber('areaCount')),
      ...optional('positive', this.#positive),
      ...optional('lifecycle', found['lifecycle']),
      ...optional('integrity', asNumber('integrity')),
      ...optional('cardCounter', asNumber('cardCounter')),
      ...optional('cardState', found['cardState']),
      ...optional('cardFirmware', found['cardFirmware']),
      areas: this.#areas,
      steps: this.#steps,
      errors: this.#errors,
      warnings: this.#warnings,
      fields: Object.fromEntries(this.#fields),
      lines: this.#lines,
      namesCard: this.#namesCard,
    };
  }
}

/**
 * Single values. The forms of the card's lines are our reading: of its printouts only the line with the
 * firmware's identifier is public.
 */
const headForms: readonly (readonly [string, RegExp])[] = [
  ['toolVersion', /STM32CubeProgrammer (?:API )?v(\d+\.\d+\.\d+)/],
  ['system', /STM32CubeProgrammer API v[\d.]+ \| (\S+)/],
  ['deviceId', /^(?:Device ID|deviceId)"?\s*:\s*(0x[0-9a-fA-F]{3,4})\b/i],
  ['deviceId', /^discovery: target ID\.*\s*:\s*(0x[0-9a-fA-F]{3,4})\b/],
  ['deviceId', /^"deviceId"\s*:\s*(\d{3,4})/],
  ['deviceName', /^Device name\s*:\s*(.{1,60})$/i],
  ['bootloader', /^BL Version\s*:\s*(.{1,20})$/i],
  ['protocolVersion', /^SFI protocol version\s*:\s*(\d{1,5})$/],
  ['areaCount', /^SFI total number of areas\s*:\s*(\d{1,5})$/],
  ['imageVersion', /^SFI image version\s*:\s*(\d{1,5})$/],
  ['lifecycle', /^discovery: PSA lifecycle\s*\.*\s*:\s*(\S{1,60})/],
  ['integrity', /^discovery: ST provisioning integrity status\.*\s*:\s*(0x[0-9a-fA-F]{8})/],
  ['integrity', /^ST provisioning integrity status\.*\s*:\s*(0x[0-9a-fA-F]{8})/],
  ['cardCounter', /^(?!.*(?:retry|PIN)).{0,40}\bcounter\b\D{0,20}(\d{1,9})$/i],
  ['cardState', /^(?:HSM )?(?:STATE|STATUS|life-?cycle state)\s*:\s*([A-Z_ ]{4,40})$/i],
  ['cardFirmware', /^HSM FW IDENTIFIER\s*:\s*(.{1,60})$/i],
];

/** A whole log at once. */
export function readToolLog(text: string): ToolLog {
  const reader = new ToolLogReader();
  for (const line of text.split(/\r?\n/)) reader.take(line);
  return reader.log;
}

/** Whether one of the tool's errors is left that a good install does not show. */
export const lastStep = (log: ToolLog): InstallStep | undefined => log.steps.at(-1);
