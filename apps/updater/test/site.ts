// An owner with devices in the field: packages, licenses and pages built by the command, devices as virtual
// chips with the agent, personalized as on any bench.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { defaultConditions, type LineChip, personalizeVirtualChip } from '@firmseal/virtual-line';
import { buildAgent } from '../../../device/agent/build.ts';
import {
  delegate,
  makeLicense,
  makePackage,
  type PackageChange,
  product,
  root,
  signerOf,
  type TestChipId,
  type TestPackage,
} from '../../../device/agent/test/trusted-site.ts';
import { buildElement } from '../../../tools/pack/build-element.ts';
import { publicKeyFile } from '../../cli/src/public-key-file.ts';
import { runHere } from '../../cli/test/run-here.ts';
import type { OfferedJob } from './site-authority.ts';

export interface PageOrder {
  readonly sealed: TestPackage;
  /** Devices that get a license; none leaves licenses out. */
  readonly devices?: readonly LineChip[];
  /** How often a device may unwrap in all; 16 as the default. */
  readonly ceiling?: number;
  readonly earlier?: readonly TestPackage[];
  /** Gives the licenses instead. */
  readonly authority?: OfferedJob;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export class Site {
  readonly #folder = mkdtempSync(join(tmpdir(), 'firmseal-site-'));
  #count = 0;

  at(name: string): string {
    return join(this.#folder, name);
  }

  /** Keys and delegations as files, and the element that the command publishes. */
  async begin(): Promise<void> {
    writeFileSync(this.at('root.key.pub'), publicKeyFile(root.publicKey));
    writeFileSync(this.at('ca.delegation'), await delegate('device-ca', 'device CA'));
    await buildElement();
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A device of the product, or of another one of the same owner. */
  async device(chipId: TestChipId, of: string = product): Promise<LineChip> {
    const ca = signerOf(of === product ? 'device CA' : `device CA of ${of}`);
    const owner = {
      ...{ chip: findChip(chipId), rootPublicKey: root.publicKey, product: of },
      deviceCa: { publicKey: ca.publicKey, sign: async (message: Uint8Array) => ca.sign(message) },
    };
    const conditions = { ...defaultConditions, chipSeed: (index: number) => `updater ${chipId} ${index}` };
    return personalizeVirtualChip(owner, conditions, {
      ...{ index: this.#count++, level: 2, agentModule: await buildAgent(chipId) },
    });
  }

  package(chipId: TestChipId, firmwareVersion: string, change: PackageChange = {}): Promise<TestPackage> {
    const { core, ...rest } = change;
    return makePackage(chipId, { core: { firmwareVersion, ...core }, ...rest });
  }

  /** `firmseal updater build`; the folder that it wrote. */
  async build(
    name: string,
    { sealed, devices, ceiling = 16, earlier = [], authority, settings }: PageOrder,
  ): Promise<string> {
    const write = (file: string, content: Uint8Array | string) => {
      writeFileSync(this.at(file), content);
      return this.at(file);
    };
    const words = [
      ...['updater', 'build', write(`${name}.seal`, sealed.file), '--root-key', this.at('root.key.pub')],
      ...['--device-ca-delegation', this.at('ca.delegation'), '--out', this.at(name)],
      ...earlier.flatMap((one, i) => ['--earlier', write(`${name}-earlier-${i}.seal`, one.file)]),
    ];
    if (settings !== undefined)
      words.push(
        '--settings',
        write(`${name}.json`, JSON.stringify({ format: 'firmseal-updater-1', ...settings })),
      );
    if (devices !== undefined) {
      mkdirSync(this.at(`${name}-licenses`));
      for (const { device } of devices) {
        const { bundle } = await makeLicense(sealed, device, { terms: { ceiling } });
        write(`${name}-licenses/${toHex(device.thumbprint)}.license`, bundle);
      }
      words.push('--licenses', this.at(`${name}-licenses`));
    }
    if (authority !== undefined) {
      const { url, job, token } = authority;
      words.push('--authority', url, '--job', job, '--token-file', write(`${name}.token`, token));
    }
    const { status, stderr } = await runHere(words);
    if (status !== 0) throw new Error(stderr);
    return this.at(name);
  }
}
