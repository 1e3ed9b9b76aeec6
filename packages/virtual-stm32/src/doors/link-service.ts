// The link of a virtual chip over TCP: raw bytes, as a serial adapter in a programming jig would
// carry them. Who connects finds the chip powered, its agent-request pin held and, where an
// application runs or nothing does, freshly reset.

import { createServer, type Server, type Socket } from 'node:net';
import type { VirtualChip } from '../chip/virtual-chip.ts';

function enterAgent(chip: VirtualChip): void {
  chip.setPin('agent-request', true);
  if (!chip.powered) chip.powerOn();
  else if (!chip.running || chip.bootedApplication !== undefined) chip.reset();
}

/**
 * Serves the chip's link on a loopback port, one client at a time; 0 lets the system
 * choose. Resolves when it listens.
 */
export function serveLink(chip: VirtualChip, port: number): Promise<Server> {
  let client: Socket | undefined;
  chip.onLink = (bytes) => void client?.write(bytes);
  const server = createServer((socket) => {
    client?.destroy();
    client = socket;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (client === socket) client = undefined;
    });
    enterAgent(chip);
    socket.on('data', (bytes) => chip.receive(bytes));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
