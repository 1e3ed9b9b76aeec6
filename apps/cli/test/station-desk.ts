// A desk with a station, for tests of chips without agent: the chain of the commands, a station's key and
// delegation, firmware linked to the start of flash, and virtual chips behind places that a user names.

import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { concatBytes, u32le } from '@firmseal/bytes';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import {
  createVirtualChip,
  machineCode,
  serveProbe,
  serveUart,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { expect } from 'vitest';
import { Chain, type Order, product } from './chain.ts';
import type { Outcome } from './run-here.ts';

export const flashStart = 0x0800_0000;

/** Vector table, then bytes in which any 16 are found nowhere else. */
export const plainFirmware: Uint8Array<ArrayBuffer> = concatBytes(
  u32le(0x2000_8000),
  u32le(flashStart + 0x101),
  Uint8Array.from({ length: 6136 }, (_, i) => (Math.imul(i + 7, 2_654_435_761) >>> 11) & 0xff),
);

export class StationDesk extends Chain {
  readonly #plugs: Server[] = [];

  override async begin(): Promise<void> {
    await super.begin();
    writeFileSync(this.at('plain.bin'), plainFirmware);
    await this.run('keys', 'new', '--role', 'station', '--out', this.at('station.key'));
    await this.delegateStation('station.delegation');
  }

  override async end(): Promise<void> {
    for (const one of this.#plugs) one.close();
    await super.end();
  }

  /** `words`: more options. */
  delegateStation(out: string, ...words: string[]): Promise<Outcome> {
    return this.run(
      ...['keys', 'delegate', '--root', this.at('root.key'), '--key', this.at('station.key.pub')],
      ...['--role', 'station', '--name', 'bench-1', '--product', product, '--out', this.at(out), ...words],
    );
  }

  sealPlain(chipId: string, name: string, ...words: string[]): Promise<Outcome> {
    return this.run(
      ...['seal', this.at('plain.bin'), '--address', '0x08000000', '--chip', chipId, '--for-station'],
      ...['--product', product, '--firmware-version', '1.0.0', '--counter', '1'],
      ...['--root-key', this.at('root.key.pub'), '--signer', this.at('signer.key')],
      ...['--delegation', this.at('signer.delegation')],
      ...['--authority-key', this.at('authority/kem.key.pub'), '--out', this.at(`${name}.seal`), ...words],
    );
  }

  /** An approved job of mode station for a package of its own. */
  async plainOrder(chipId: string, name: string, quota: number, ...words: string[]): Promise<Order> {
    await this.sealPlain(chipId, name, ...words);
    return this.openJob(this.at(`${name}.seal`), name, '--quota', String(quota), '--mode', 'station');
  }

  unprovenWords({ sealed, job, token }: Order, chipId: string, ...vias: string[]): string[] {
    return [
      ...['install', sealed, '--job', job, ...this.owner.slice(0, 2), '--token-file', token],
      ...['--root-key', this.at('root.key.pub'), '--unproven', '--chip', chipId],
      ...['--station-key', this.at('station.key'), '--station-delegation', this.at('station.delegation')],
      ...['--journal', `${token}.jsonl`, ...vias.flatMap((via) => ['--via', via])],
    ];
  }

  /** A blank chip behind its UART ROM bootloader. */
  async onUart(id: string, seed = id): Promise<{ chip: VirtualChip; via: string }> {
    const chip = startInBootloader(id, { seed });
    const server = await serveUart(new UartDoor(chip), 0);
    this.#plugs.push(server);
    return { chip, via: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  /** A blank chip behind its debug port. */
  async onProbe(id: string, seed = id): Promise<{ chip: VirtualChip; via: string }> {
    const chip = createVirtualChip({ chip: id, seed, executors: [machineCode()] });
    const server = await serveProbe(chip, 0);
    this.#plugs.push(server);
    return { chip, via: `virtual:127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  /** The same command twice, each time DONE-UNPROVEN. */
  async tryTwice(words: readonly string[]): Promise<void> {
    for (let n = 0; n < 2; n++) {
      const { status, stderr } = await this.try(...words);
      expect(status, stderr).toBe(25);
    }
  }

  /** The journal of an order, as text. */
  journal({ token }: Order): string {
    return readFileSync(`${token}.jsonl`, 'utf8');
  }
}
