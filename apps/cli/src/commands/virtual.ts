// `firmseal virtual`: blank virtual chips with link and debug port on loopback ports, until it is asked to stop.

import type { AddressInfo, Server } from 'node:net';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { createVirtualChip, serveLink, serveProbe, wasmAgent } from '@firmseal/virtual-stm32';
import { readNumber } from '../numbers.ts';

interface VirtualOptions {
  chip: string;
  count: string;
  linkPort: string;
  probePort: string;
  seed: string;
  json?: boolean;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export async function virtual(options: VirtualOptions): Promise<void> {
  const count = readNumber(options.count, '--count', { least: 1, most: 256 });
  const [linkPort, probePort] = [
    readNumber(options.linkPort, '--link-port', { most: 65535 }),
    readNumber(options.probePort, '--probe-port', { most: 65535 }),
  ];
  const next = (first: number, index: number): number => (first === 0 ? 0 : first + index);
  const servers: Server[] = [];
  for (let index = 0; index < count; index++) {
    const chip = createVirtualChip({
      chip: options.chip,
      seed: `${options.seed}/${index}`,
      executors: [wasmAgent(nodeCrypto)],
    });
    const link = await serveLink(chip, next(linkPort, index));
    const probe = await serveProbe(chip, next(probePort, index));
    servers.push(link, probe);
    const line = {
      event: 'chip',
      chip: options.chip,
      uniqueId: toHex(chip.uid),
      socket: `tcp:127.0.0.1:${portOf(link)}`,
      probe: `virtual:127.0.0.1:${portOf(probe)}`,
    };
    process.stdout.write(
      options.json
        ? `${JSON.stringify(line)}\n`
        : `chip ${index + 1}: ${line.chip}, --socket ${line.socket} --probe ${line.probe}\n`,
    );
  }
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  for (const server of servers) {
    server.close();
    (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
  }
  process.exit(0);
}
