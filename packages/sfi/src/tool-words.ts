// The command lines that the driver gives to ST's STM32_Programmer_CLI and to SEGGER's SFI Flasher Commander
// (spec/sfi.md section 7). Those of ST are in its help text and in AN5054. What SEGGER's options `-CRT` and
// `-License` do exactly is our reading of their names.

import type { SfiFamily } from './families.ts';

/** One probe, port or flasher, as the tool calls it. */
export interface ToolPort {
  /** `swd`, `jtag`, `usb1`, `COM8`, `/dev/ttyACM0`; for SEGGER `flasher`. */
  readonly port: string;
  readonly serialNumber?: string;
}

export interface InstallWords {
  readonly image: string;
  readonly license: string;
  readonly rsse?: string;
  /** External loader, for images with external flash (SFIx). */
  readonly loader?: string;
  /** List of modules (H5). */
  readonly modules?: string;
}

const isDebugPort = (port: string): boolean => /^(?:swd|jtag|jlink)$/i.test(port);

/** `-c port=swd mode=HOTPLUG sn=...` */
const connectWords = ({ port, serialNumber }: ToolPort, family: SfiFamily): string[] => [
  '-c',
  `port=${port}`,
  ...(isDebugPort(port) ? family.swd : []),
  ...(serialNumber === undefined ? [] : [`sn=${serialNumber}`]),
];

export const stWords = {
  version: (): string[] => ['--version'],
  certificate: (to: ToolPort, family: SfiFamily, file: string): string[] => [
    ...connectWords(to, family),
    '-gc',
    file,
  ],
  options: (to: ToolPort, family: SfiFamily): string[] => [...connectWords(to, family), '-ob', 'displ'],
  /** H5 and H7RS: asks for the life cycle without opening the chip. */
  discovery: ({ serialNumber }: ToolPort): string[] => [
    '-c',
    'port=SWD',
    ...(serialNumber === undefined ? [] : [`sn=${serialNumber}`]),
    'debugauth=2',
  ],
  cardCounter: (slot: number): string[] => ['-hsmgetcounter', `slot=${slot}`],
  cardStatus: (slot: number): string[] => ['-hsmgetstatus', `slot=${slot}`],
  cardInfo: (slot: number): string[] => ['-hsmgetinfo', `slot=${slot}`],
  /** From the certificate, so that the chip may be unplugged meanwhile. */
  license: (certificate: string, file: string, slot: number): string[] => [
    '-hsmglfcb',
    certificate,
    file,
    `slot=${slot}`,
  ],
  install: (
    to: ToolPort,
    family: SfiFamily,
    { image, license, rsse, loader, modules }: InstallWords,
  ): string[] => [
    ...connectWords(to, family),
    '-sfi',
    'protocol=static',
    image,
    'hsm=0',
    license,
    ...(rsse === undefined ? [] : ['-rsse', rsse]),
    ...(loader === undefined ? [] : [isDebugPort(to.port) ? '-el' : '-elbl', loader]),
    ...(modules === undefined ? [] : ['-mcsv', modules]),
  ],
  /** Sets the state of the life: closes the chip. */
  setState: (to: ToolPort, family: SfiFamily, value: number): string[] => {
    const text = `0x${value.toString(16).toUpperCase()}`;
    return family.id === 'h7rs'
      ? [...connectWords(to, family), '-psrss', text]
      : [...connectWords(to, family), '-ob', `PRODUCT_STATE=${text}`];
  },
} as const;

const flasher = ({ serialNumber }: ToolPort): string[] =>
  serialNumber === undefined ? ['-SingleRun'] : ['-SerialNo', serialNumber, '-SingleRun'];

export const seggerWords = {
  certificate: (to: ToolPort, file: string): string[] => ['-CRT', file, ...flasher(to)],
  install: (to: ToolPort, { image, license, rsse }: InstallWords): string[] => [
    ...(rsse === undefined ? [] : ['-RSSe', rsse]),
    '-SFI',
    image,
    '-License',
    license,
    ...flasher(to),
  ],
} as const;
