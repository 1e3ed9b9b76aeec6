// `firmseal updater build`: a folder for any web host from which device owners update by a browser, and the
// same as one HTML file. The element's code is an asset of this installation. No secret is in any of it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { faultOfFile, writeWholeFile } from '@firmseal/files';
import { readInstallPackage } from '@firmseal/programmer';
import { offerFormat, readOffer } from '@firmseal/updater';
import { readAsset } from '../../assets.ts';
import { readInput } from '../../files.ts';
import { trustPackage } from '../../line-setup.ts';
import { collect, examples, rootKeyOption } from '../../options.ts';
import { openOutputFolder } from '../../output-folder.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { integrityOf, offlinePage, staticPage } from '../../updater/page.ts';
import { readPageSettings } from '../../updater/page-settings.ts';
import { publishableLicenses } from '../../updater/publishable-licenses.ts';

const elementAsset = 'apps/updater/dist/firmseal-update.js';
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return path;
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/** Versions by the digest of their manifest, of packages under the same root. */
function versionsOf(paths: readonly string[], rootPublicKey: Uint8Array, product: string) {
  return Object.fromEntries(
    paths.map((path) => {
      const { manifest } = readInstallPackage(nodeCrypto, readInput(path), { rootPublicKey, product });
      return [toHex(manifest.digest), manifest.core.firmwareVersion];
    }),
  );
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose devices are expected')
    .requiredOption('--out <folder>', 'where to write the page')
    .option('--licenses <folder>', 'standing licenses of devices for this package, *.license')
    .option(
      '--earlier <package>',
      'a package of before, so that the page knows its version (repeat)',
      collect,
    )
    .option('--settings <file>', 'title, contact, language and colours of the page')
    .addHelpText(
      'after',
      examples(
        'updater build panel-2.seal --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --licenses licenses --earlier panel-1.seal --settings page.json --out site',
      ),
    )
    .action(
      runs(shell, async (face, path, options) => {
        const { out, licenses: folder, earlier = [] } = options;
        const settings = readPageSettings(options.settings);
        const { sealed, delegation } = trustPackage(path, options);
        const { digest, core } = sealed.manifest;
        const rootKey = readPublicKey(options.rootKey);
        const licenses = folder === undefined ? undefined : publishableLicenses(folder, sealed);
        const file = readInput(path);
        const element = decode(readAsset(elementAsset));
        openOutputFolder(out, 'index.html');

        const id = toHex(digest).slice(0, 16);
        const { title, contact } = settings;
        const about = {
          ...{ format: offerFormat, product: core.product },
          ...{ title, contact, rootKey: toBase64url(rootKey), deviceCaDelegation: toBase64url(delegation) },
          earlier: versionsOf(earlier, rootKey, core.product),
        };
        const offer = JSON.stringify({
          ...about,
          package: { url: `${id}.seal` },
          ...(licenses && { licenses: { url: `licenses/${id}/` } }),
        });
        const whole = JSON.stringify({
          ...about,
          package: { bytes: toBase64url(file) },
          ...(licenses && {
            licenses: {
              bytes: Object.fromEntries([...licenses].map(([name, bundle]) => [name, toBase64url(bundle)])),
            },
          }),
        });
        // Read as the page will read it, before anything is published.
        for (const json of [offer, whole]) readOffer(json, out);

        const named = title ?? core.product;
        const module = {
          name: `firmseal-update-${integrityOf(element).slice(7, 15).replace(/[+/]/g, '-')}.js`,
          text: element,
        };
        const write = (name: string, content: Uint8Array | string) =>
          writeWholeFile(join(out, name), [typeof content === 'string' ? utf8(content) : content]);
        // The pages come last: until then a host goes on to serve the pages of before with their own files.
        write(`${id}.seal`, file);
        if (licenses !== undefined) {
          makeFolder(join(out, 'licenses', id));
          for (const [name, bundle] of licenses) write(`licenses/${id}/${name}.license`, bundle);
        }
        write(module.name, element);
        write('update.json', offer);
        write('offline.html', offlinePage({ settings, title: named, module: element, offer: whole }));
        write(
          'index.html',
          staticPage({ settings, title: named, module, offer: { name: 'update.json', text: offer } }),
        );
        const { product, firmwareVersion } = core;
        const count = licenses?.size ?? 0;
        face.tell(
          {
            event: 'updater-built',
            folder: out,
            product,
            firmwareVersion,
            licenses: count,
            module: module.name,
          },
          `${out}: ${product} ${firmwareVersion}, ${count} licenses`,
          '  index.html for a web host (over HTTPS), offline.html to pass on as one file',
        );
      }),
    );
