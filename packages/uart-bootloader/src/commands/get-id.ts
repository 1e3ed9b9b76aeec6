// Get ID, 0x02: the product id, most significant byte first. AN3155 section 3.3.

import { malformed, type Session } from '../session.ts';

/** Answer: `ACK 1 id(2) ACK`; the 1 is one less than the length of the id. */
export async function getId(session: Session): Promise<number> {
  const command = 'Get ID';
  await session.begin(command, 0x02);
  const [count] = await session.receive(command, 1);
  if (count !== 1) throw malformed(command, `an id of ${count! + 1} bytes`);
  const [high, low] = await session.receive(command, 2);
  await session.acknowledged(command);
  return (high! << 8) | low!;
}
