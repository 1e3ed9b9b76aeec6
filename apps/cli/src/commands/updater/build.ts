// `firmseal updater build`: a folder for any web host from which device owners update by a browser, and the
// same as one HTML file. The element's code is an asset of this installation. No secret is in any of it.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readInstallPackage } from '@firmseal/programmer';
import { splitPackage } from '@firmseal/seal';
import { jobId } from '../../authority-access.ts';
import type { Face } from '../../face.ts';
import { readInput } from '../../files.ts';
import { howMany } from '../../how-many.ts';
import { trustPackage } from '../../line-setup.ts';
import { authorityOption, collect, examples, rootKeyOption } from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { authorityToOffer, type OfferedAuthority } from '../../updater/offered-authority.ts';
import { readPageSettings } from '../../updater/page-settings.ts';
import { publish } from '../../updater/publish.ts';
import { publishableLicenses } from '../../updater/publishable-licenses.ts';

/** Versions by the digest of their manifest, of packages under the same root. */
function versionsOf(paths: readonly string[], rootPublicKey: Uint8Array, product: string) {
  return Object.fromEntries(
    paths.map((path) => {
      const { manifest } = readInstallPackage(nodeCrypto, readInput(path), { rootPublicKey, product });
      return [toHex(manifest.digest), manifest.core.firmwareVersion];
    }),
  );
}

/** Browsers ask the authority first whether a page of that origin may call it. */
const originHint = ({ job }: OfferedAuthority): string =>
  `  let the pages ask: firmseal job rollout ${job} --origin https://YOUR-HOST --origin null`;

function warnOfAuthority(face: Face, { url }: OfferedAuthority): void {
  if (url.startsWith('http:'))
    face.warn(`the page reaches the authority ${url} on the computer of the authority alone`);
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose devices are expected')
    .requiredOption('--out <folder>', 'where to write the page')
    .option(
      '--licenses <path>',
      'standing licenses of devices for this package: a folder of *.license, or a batch of `firmseal batch new`',
    )
    .addOption(authorityOption().makeOptionMandatory(false).conflicts('licenses'))
    .option(
      '--token-file <file>',
      'public token of a job of mode update; it stands in the page, for all to read',
    )
    .option(
      '--job <job>',
      'with --authority: the job, which gives the licenses and takes the receipts',
      jobId,
    )
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
        'updater build panel-2.seal --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --authority https://authority.example --token-file public.token --job JOB --out site',
      ),
    )
    .action(
      runs(shell, async (face, path, options) => {
        const { out, licenses: given, earlier = [] } = options;
        const settings = readPageSettings(options.settings);
        const authority = authorityToOffer(options);
        const { sealed, delegation: deviceCaDelegation } = trustPackage(path, options);
        const { product, firmwareVersion } = sealed.manifest.core;
        const rootKey = readPublicKey(options.rootKey);
        const licenses = given === undefined ? undefined : publishableLicenses(given, sealed);
        const file = readInput(path);
        publish(out, {
          ...{ settings, sealed, file, rootKey, deviceCaDelegation, licenses, authority },
          earlier: versionsOf(earlier, rootKey, product),
        });
        const count = licenses?.size ?? 0;
        if (authority !== undefined) warnOfAuthority(face, authority);
        else if (count === 0 && splitPackage(file).header.license === undefined)
          face.warn('nothing is licensed here: a device takes this update only with a license of its own');
        face.tell(
          { event: 'updater-built', folder: out, product, firmwareVersion, licenses: count },
          `${out}: ${product} ${firmwareVersion}, ${authority === undefined ? howMany(count, 'license') : `licenses from ${authority.url}`}`,
          '  index.html for a web host (over HTTPS), offline.html to pass on as one file',
          ...(authority === undefined ? [] : [originHint(authority)]),
        );
      }),
    );
