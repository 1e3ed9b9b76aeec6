// Get, 0x00: protocol version and the commands that this bootloader has. AN3155 section 3.1.

import { malformed, type Session } from '../session.ts';

export interface BootloaderCommands {
  /** 0x31 = protocol 3.1. */
  readonly protocolVersion: number;
  readonly commands: readonly number[];
}

/** Answer: `ACK count version *command ACK`, where count is one less than what follows it. */
export async function get(session: Session): Promise<BootloaderCommands> {
  const command = 'Get';
  await session.begin(command, 0x00);
  const [count] = await session.receive(command, 1);
  const [protocolVersion, ...commands] = await session.receive(command, count! + 1);
  await session.acknowledged(command);
  if (commands.length === 0) throw malformed(command, 'it lists no commands');
  return { protocolVersion: protocolVersion!, commands };
}
