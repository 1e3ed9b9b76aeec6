// What a release is made of, as software bills of materials (CycloneDX 1.6, JSON): one of the command, one of
// the agents. The command's lists the npm packages whose files are in the bundle, as the bundler saw them,
// with the hashes of the lockfile; the agents' lists each image by its hash, and the library in it.

import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { bundledInputs } from '../pack/build.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { Component, HashDictionary, LicenseExpression, LicenseRepository } = Models;

const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly description?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Folders of npm packages from the root, of which the files are. */
const packageFolders = (inputs: readonly string[]): string[] => [
  ...new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [])),
];

function npmComponent(folder: string, scope: Enums.ComponentScope): Models.Component {
  const { name, version, license, description } = readJson<Manifest>(`${folder}/package.json`);
  const { packages } = readJson<{ packages: Record<string, { integrity?: string }> }>('package-lock.json');
  const [, sha512] = /^sha512-(.+)$/.exec(packages[folder]?.integrity ?? '') ?? [];
  if (sha512 === undefined) throw new Error(`package-lock.json has no hash of ${folder}`);
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return new Component(Enums.ComponentType.Library, name, {
    ...{ version, scope, purl, bomRef: purl },
    ...(description === undefined ? {} : { description }),
    licenses: new LicenseRepository(license === undefined ? [] : [new LicenseExpression(license)]),
    hashes: new HashDictionary([
      [Enums.HashAlgorithm['SHA-512'], Buffer.from(sha512, 'base64').toString('hex')],
    ]),
  });
}

function firmseal(type: Enums.ComponentType, name: string, version: string): Models.Component {
  return new Component(type, name, {
    ...{ version, bomRef: `${name}@${version}` },
    licenses: new LicenseRepository([new LicenseExpression('Apache-2.0')]),
  });
}

const write = (bom: Models.Bom): string =>
  `${new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)).serialize(bom, {
    ...{ sortLists: true, space: 2 },
  })}\n`;

/** Of the command: what is bundled (`inputs`), and what npm installs beside it where it can. */
export async function commandBom(at: Date, inputs?: readonly string[]): Promise<string> {
  const { name, version } = readJson<Manifest>('apps/cli/package.json');
  const subject = firmseal(Enums.ComponentType.Application, name, version);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: subject, timestamp: at }) });
  const optional = ['serial-adapter', 'usb-adapter'].flatMap((one) =>
    Object.keys(readJson<Manifest>(`packages/${one}/package.json`).optionalDependencies ?? {}),
  );
  const components = [
    ...packageFolders(inputs ?? (await bundledInputs())).map((one) =>
      npmComponent(one, Enums.ComponentScope.Required),
    ),
    ...optional.map((one) => npmComponent(`node_modules/${one}`, Enums.ComponentScope.Optional)),
  ];
  for (const component of components) {
    bom.components.add(component);
    subject.dependencies.add(component.bomRef);
  }
  return write(bom);
}

interface Source {
  readonly package: string;
  readonly archive: string;
  readonly sha256: string;
  readonly licence: string;
}

/** Of the agents that ship in machine code: device/agent/build-shipping.ts has built them. */
export function agentBom(at: Date): string {
  const { version } = readJson<Manifest>('apps/cli/package.json');
  const subject = firmseal(Enums.ComponentType.Firmware, 'firmseal-agent', version);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: subject, timestamp: at }) });
  const source = readJson<Source>('device/agent/port/bearssl/sources.json');
  const [, libraryVersion] = /_(.+)\.orig\.tar/.exec(source.archive)!;
  const purl = `pkg:deb/debian/${source.package}@${encodeURIComponent(libraryVersion!)}?arch=source`;
  const library = new Component(Enums.ComponentType.Library, source.package, {
    ...{ version: libraryVersion!, purl, bomRef: purl },
    licenses: new LicenseRepository([new LicenseExpression(source.licence)]),
    hashes: new HashDictionary([[Enums.HashAlgorithm['SHA-256'], source.sha256]]),
  });
  bom.components.add(library);
  for (const path of globSync('device/agent/build/agent-*.hex', { cwd: root }).sort()) {
    const image = firmseal(Enums.ComponentType.Firmware, basename(path), version);
    const digest = createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
    image.hashes.set(Enums.HashAlgorithm['SHA-256'], digest);
    image.dependencies.add(library.bomRef);
    bom.components.add(image);
    subject.dependencies.add(image.bomRef);
  }
  return write(bom);
}
