// The HTML of an update page: a static one beside its files, and one file with all of them inside. The
// content security policy allows exactly the code and the style that stand here, and no connection but to
// the page's own host and to the authority that gives the licenses.

import { createHash } from 'node:crypto';
import { offerScriptType } from '@firmseal/updater';
import type { PageSettings } from './page-settings.ts';

/** As `integrity` and the policy write it. */
const integrityOf = (text: string | Uint8Array): string =>
  `sha384-${createHash('sha384').update(text).digest('base64')}`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function styleOf({ colors }: PageSettings): string {
  const rules = [
    ':root{color-scheme:light dark}',
    'body{margin:0;padding:1rem;display:grid;justify-content:center;align-content:start;min-height:100vh;' +
      'box-sizing:border-box;background:light-dark(#ffffff,#14171b)}',
    'main{width:min(36rem,calc(100vw - 2rem))}',
  ];
  const of = (name: 'accent' | 'onAccent', light: string, dark: string) =>
    `light-dark(${colors?.light?.[name] ?? light},${colors?.dark?.[name] ?? dark})`;
  if (colors !== undefined)
    rules.push(
      `firmseal-update{--firmseal-accent:${of('accent', '#0b57d0', '#8ab4f8')};` +
        `--firmseal-on-accent:${of('onAccent', '#ffffff', '#101418')}}`,
    );
  return rules.join('');
}

const noScript = {
  en: 'This page needs JavaScript to reach the device. The command "firmseal update" does the same.',
  de: 'Diese Seite braucht JavaScript, um das Gerät zu erreichen. Der Befehl „firmseal update“ leistet dasselbe.',
} as const;

interface PageParts {
  readonly settings: PageSettings;
  readonly title: string;
  /** Of the policy, for the element's module. */
  readonly scriptSource: string;
  readonly connectSource: string;
  readonly script: string;
  /** Attributes of the element, and what stands inside of it. */
  readonly attributes: string;
  readonly inside: string;
}

function pageOf({
  settings,
  title,
  scriptSource,
  connectSource,
  script,
  attributes,
  inside,
}: PageParts): string {
  const style = styleOf(settings);
  const policy = [
    "default-src 'none'",
    `script-src ${scriptSource}`,
    `style-src '${integrityOf(style)}'`,
    `connect-src ${connectSource}`,
    ...["base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"],
  ].join('; ');
  const { language = 'auto' } = settings;
  const written = language === 'de' ? 'de' : 'en';
  return [
    '<!doctype html>',
    `<html lang="${written}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="content-security-policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    script,
    '</head>',
    '<body>',
    `<main><firmseal-update heading="1" language="${language}"${attributes}>${inside}</firmseal-update><noscript>${noScript[written]}</noscript></main>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Beside update.json and the module; `module`: its name and content. */
export function staticPage(inputs: {
  readonly settings: PageSettings;
  readonly title: string;
  readonly module: { readonly name: string; readonly text: string };
  readonly offer: { readonly name: string; readonly text: string };
  /** Of the authority. */
  readonly origin: string | undefined;
}): string {
  const { settings, title, module, offer, origin } = inputs;
  const connectSource = origin === undefined ? "'self'" : `'self' ${origin}`;
  return pageOf({
    ...{ settings, title, scriptSource: "'self'", connectSource },
    script: `<script type="module" src="${module.name}" integrity="${integrityOf(module.text)}"></script>`,
    attributes: ` offer="${offer.name}" integrity="${integrityOf(offer.text)}"`,
    inside: '',
  });
}

/**
 * Everything in one file. `offer`: JSON with package and licenses in it; `notices`: licences of the software
 * in the module, which go along with it.
 */
export function offlinePage(inputs: {
  readonly settings: PageSettings;
  readonly title: string;
  readonly module: string;
  readonly offer: string;
  readonly notices: string;
  /** Of the authority. */
  readonly origin: string | undefined;
}): string {
  const { settings, title, module, offer, notices, origin } = inputs;
  // In a script element only these two can end it or change how its end is found (HTML, section 4.12.1.3).
  const json = offer.replaceAll('<', '\\u003c');
  const code = module.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  return pageOf({
    ...{ settings, title, scriptSource: `'${integrityOf(code)}'`, connectSource: origin ?? "'none'" },
    script: `<script type="module">${code}</script>\n<script type="text/plain">${escaped(notices)}</script>`,
    attributes: '',
    inside: `<script type="${offerScriptType}">${json}</script>`,
  });
}
