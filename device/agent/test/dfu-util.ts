// Debian's dfu-util, unmodified, against an agent over USB/IP: its libusb is lab/dfu-shim's.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes } from '@firmseal/bytes';
import { attachLicense } from '@firmseal/seal';
import { ChipUsbPort, serveUsbip, type UsbDevice } from '@firmseal/virtual-stm32';
import { buildDfuShim, dfuShimEnvironment } from '../../../lab/dfu-shim/build.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import type { Line } from './line.ts';
import { makeLicense, type TestPackage } from './trusted-site.ts';

export const canRunDfuUtil = hasTool('dfu-util') && hasTool('gcc');

export class DfuUtil {
  readonly #folder = mkdtempSync(join(tmpdir(), 'firmseal-agent-dfu-'));
  readonly #shim = buildDfuShim(this.#folder);

  /**
   * Runs it with a file, if there is one, against the chip's USB connector; this process plays the chip
   * meanwhile. `over`: what stands between the connector and the device.
   */
  async run(
    { chip }: Line,
    args: readonly string[],
    { file, over = (device) => device }: { file?: Uint8Array; over?: (device: UsbDevice) => UsbDevice } = {},
  ): Promise<{ status: unknown; printed: string }> {
    const usb = new ChipUsbPort(chip);
    const known = new Map<UsbDevice, UsbDevice>();
    const port = {
      busId: '1-1',
      get device() {
        const { device } = usb;
        if (device === undefined) return undefined;
        const shown = known.get(device) ?? over(device);
        known.set(device, shown);
        return shown;
      },
    };
    const server = await serveUsbip([port], { port: 0 });
    const path = join(this.#folder, 'app.seal');
    if (file) writeFileSync(path, file);
    const environment = dfuShimEnvironment(this.#shim, (server.address() as { port: number }).port);
    const options = { env: { ...process.env, ...environment }, timeout: 60_000 };
    try {
      return await new Promise((resolve) => {
        execFile('dfu-util', [...args, ...(file ? [path] : [])], options, (error, stdout, stderr) =>
          resolve({ status: error === null ? 0 : (error.code ?? error.signal), printed: stdout + stderr }),
        );
      });
    } finally {
      usb.close();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  end(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** The package with a license for the chip of the line in its header. */
export async function withLicense(sealed: TestPackage, line: Line): Promise<Uint8Array> {
  line.hello();
  const license = await makeLicense(sealed, line.device!);
  return concatBytes(...attachLicense(sealed.file, license.bundle));
}
