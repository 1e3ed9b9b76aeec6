// The table of layers: which package stands where, and what each may therefore import. A new
// package is entered here first, and in docs/layout.md, which shows the same table to readers
// (layout.ts compares the two).

/** From the top down. A package imports packages of lower layers, and of its own where `siblings` says so. */
export const layers: readonly { name: string; siblings: boolean; packages: readonly string[] }[] = [
  { name: 'line', siblings: false, packages: ['line', 'updater'] },
  {
    name: 'services',
    siblings: false,
    packages: ['authority', 'audit', 'programmer', 'personalization', 'silicon'],
  },
  { name: 'programming', siblings: false, packages: ['programming'] },
  {
    name: 'protocols',
    siblings: true,
    packages: [
      'link',
      'remote',
      'usb-device',
      'agent-client',
      'authority-contract',
      'authority-client',
      'witness',
      'uart-bootloader',
      'dfu',
      'openocd',
      'sfi',
    ],
  },
  {
    name: 'formats',
    siblings: true,
    packages: [
      'image',
      'chips',
      'cbor-cose',
      'certificate',
      'hpke',
      'formats',
      'seal',
      'license',
      'station',
      'approval',
      'ledger',
      'keys',
      'places',
      'usb-ids',
      'boards',
      'agent-image',
    ],
  },
  { name: 'files', siblings: false, packages: ['files'] },
  { name: 'crypto', siblings: false, packages: ['crypto'] },
  { name: 'bytes', siblings: false, packages: ['bytes'] },
  { name: 'fault', siblings: false, packages: ['fault'] },
];

/**
 * Packages that implement an interface of another: chosen by apps alone. Names ending in `-adapter` are too.
 */
export const adapters: readonly string[] = [
  'crypto-node',
  'crypto-web',
  'journal-file-adapter',
  'mqtt-adapter',
  'openocd-adapter',
  'pkcs11-adapter',
  'serial-adapter',
  'tcp-adapter',
  'usb-adapter',
  'virtual-probe',
  'virtual-stm32',
  'web-serial-adapter',
];

/**
 * Packages that put adapters together as an app does, for apps and simulations; nothing else imports them.
 */
export const compositions: readonly string[] = ['virtual-line'];

/**
 * All that the virtual chip may import. It never shares code with the clients that are tested against it: a
 * shared misreading of a protocol would pass every test.
 */
const virtualChipImports: readonly string[] = ['chips', 'crypto', 'bytes', 'fault'];

/** Adapters of what a browser has. */
const browserAdapters: readonly string[] = ['crypto-web', 'web-serial-adapter'];

/** Packages that need Node. All others run in a browser too: Uint8Array only, no Node built-in. */
export const nodePackages: readonly string[] = [
  ...['authority', 'witness', 'keys', 'files'],
  ...adapters.filter((name) => !browserAdapters.includes(name)),
  ...compositions,
];

const isAdapter = (name: string): boolean => adapters.includes(name) || name.endsWith('-adapter');

/** Index from the top; undefined for an adapter or a package that the table does not know. */
function layerOf(name: string): number | undefined {
  const index = layers.findIndex((layer) => layer.packages.includes(name));
  return index < 0 ? undefined : index;
}

/** Whether `from` is the virtual chip and `to` is code that it is tested against; tests must not either. */
export const isForbiddenPair = (from: string, to: string): boolean =>
  from === 'virtual-stm32' && !virtualChipImports.includes(to) && !isAdapter(to);

/** Why package `from` may not import package `to` in shipped code; undefined when it may. */
export function whyNot(from: string, to: string): string | undefined {
  if (isForbiddenPair(from, to)) return `${from} must never import ${to}`;
  if (compositions.includes(from)) return undefined;
  if (compositions.includes(to)) return `${to} is a composition, which only apps use`;
  if (isAdapter(to)) return `${to} is an adapter, which only apps choose`;
  const above = layerOf(from);
  const below = layerOf(to);
  if (above === undefined && !isAdapter(from)) return `${from} has no layer in tools/tidy/layers.ts`;
  if (below === undefined) return `${to} has no layer in tools/tidy/layers.ts`;
  if (above === undefined || below > above) return undefined;
  if (below === above && layers[above]!.siblings) return undefined;
  return `${from} (${layers[above]!.name}) must not import ${to} (${layers[below]!.name})`;
}
