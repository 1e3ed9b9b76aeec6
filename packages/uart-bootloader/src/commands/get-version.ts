// Get Version, 0x01: protocol version and two bytes that earlier protocols used for protection. AN3155
// section 3.2.

import type { Session } from '../session.ts';

/** Answer: `ACK version option option ACK`. */
export async function getVersion(session: Session): Promise<number> {
  const command = 'Get Version';
  await session.begin(command, 0x01);
  const [version] = await session.receive(command, 3);
  await session.acknowledged(command);
  return version!;
}
