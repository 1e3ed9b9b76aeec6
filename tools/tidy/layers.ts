// The table of layers: which package stands where, and what each may therefore import. A new package is entered
// here first; the rule in imports.ts refuses one that is not.

/** From the top down. A package imports packages of lower layers, and of its own where `siblings` says so. */
const layers: readonly { name: string; siblings: boolean; packages: readonly string[] }[] = [
  { name: 'services', siblings: false, packages: ['authority', 'programmer', 'personalization'] },
  {
    name: 'protocols',
    siblings: true,
    packages: ['link', 'usb-device', 'agent-client', 'authority-client', 'uart-bootloader', 'dfu', 'openocd'],
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
      'ledger',
      'keys',
      'st-sfi',
      'places',
      'boards',
    ],
  },
  { name: 'crypto', siblings: false, packages: ['crypto'] },
  { name: 'bytes', siblings: false, packages: ['bytes'] },
  { name: 'fault', siblings: false, packages: ['fault'] },
];

/** Packages that implement an interface of another: chosen by apps alone. Names ending in `-adapter` are too. */
const adapters: readonly string[] = ['crypto-node', 'virtual-probe', 'virtual-stm32'];

/** Packages that put adapters together as an app does, for apps and simulations; nothing else imports them. */
const compositions: readonly string[] = ['virtual-line'];

/** The virtual chip and the client code that is tested against it would share a bug. */
const forbiddenPairs: Readonly<Record<string, readonly string[]>> = {
  'virtual-stm32': [
    'link',
    'agent-client',
    'uart-bootloader',
    'dfu',
    'debug-port',
    'programmer',
    'seal',
    'license',
    'authority',
  ],
};

/** Packages that a browser runs too: Uint8Array only, no Node built-in. */
export const browserPackages: readonly string[] = [
  'bytes',
  'fault',
  'crypto',
  'cbor-cose',
  'hpke',
  'formats',
  'seal',
  'license',
  'link',
  'agent-client',
  'usb-device',
  'dfu',
  'uart-bootloader',
  'places',
  'boards',
];

const isAdapter = (name: string): boolean => adapters.includes(name) || name.endsWith('-adapter');

/** Index from the top; undefined for an adapter or a package that the table does not know. */
function layerOf(name: string): number | undefined {
  const index = layers.findIndex((layer) => layer.packages.includes(name));
  return index < 0 ? undefined : index;
}

/** Why package `from` may not import package `to` in shipped code; undefined when it may. */
export function whyNot(from: string, to: string): string | undefined {
  if (forbiddenPairs[from]?.includes(to)) return `${from} must never import ${to}`;
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
