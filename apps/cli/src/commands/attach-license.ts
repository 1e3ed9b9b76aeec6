// `firmseal attach-license`: a package with one chip's license in its header, for plain download tools such
// as dfu-util. Checks that the license is for this package; whether it is good is the chip's to find out.

import { Command } from '@commander-js/extra-typings';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { readLicenseBundle, readLicenseTermsUnverified } from '@firmseal/license';
import { attachLicense, inspectPackage } from '@firmseal/seal';
import { readInput } from '../files.ts';
import { examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .requiredOption(
      '--license <file>',
      "license bundle of one chip for this package; a standing one, as a session's nonce dies at reset",
    )
    .requiredOption('--out <file>', 'the package with the license in its header')
    .addHelpText('after', examples('attach-license panel.seal --license chip-7.license --out app.seal'))
    .action(
      runs(shell, async (face, path, { license, out }) => {
        refuseUnmakeable([out]);
        const file = readInput(path);
        const bundle = readInput(license);
        const { manifestDigest, thumbprint, licenseId, mode } = readLicenseTermsUnverified(
          readLicenseBundle(bundle).license,
        );
        if (!equalBytes(manifestDigest, fromHex(inspectPackage(nodeCrypto, { file }).manifestDigest)))
          throw new Fault('license-manifest-wrong');
        writeNewFiles([{ path: out, parts: attachLicense(file, bundle) }]);
        face.tell(
          { event: 'license-attached', package: out, thumbprint, mode, licenseId },
          `${out}: for the chip ${toHex(thumbprint)}, ${mode} license ${toHex(licenseId)}`,
        );
      }),
    );
