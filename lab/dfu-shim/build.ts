// Builds the libusb that speaks USB/IP, and gives what runs a program with it.

import { join } from 'node:path';
import { runTool } from '../../tools/toolchain.ts';

const sources = ['libusb-over-usbip.c', 'usbip-client.c'];
const flags = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O2', '-fPIC', '-shared'];

/** Compiles into the folder; gives the path of the shared library. Needs gcc. */
export function buildDfuShim(folder: string): string {
  const library = join(folder, 'libusb-over-usbip.so');
  runTool('gcc', [...flags, '-o', library, ...sources], import.meta.dirname);
  return library;
}

/**
 * Environment for a program that uses libusb: its USB devices are those of the
 * server, its sleeps take no time.
 */
export function dfuShimEnvironment(library: string, port: number): Record<string, string> {
  return { LD_PRELOAD: library, USBIP_SHIM_PORT: String(port), USBIP_SHIM_NO_SLEEP: '1' };
}
