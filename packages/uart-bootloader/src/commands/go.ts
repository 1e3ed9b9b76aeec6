// Go, 0x21: starts the program whose vector table is at the address. AN3155 section 3.5. The bootloader
// is gone then.

import { u32be } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type Session, withXor } from '../session.ts';

export interface GoOptions {
  readonly address: number;
  /** The first acknowledgement does not come (H743, bootloader V9.0): its silence is no fault. */
  readonly firstAcknowledgementLost: boolean;
}

/** `0x21`, then `address xor`, each acknowledged. */
export async function go(session: Session, { address, firstAcknowledgementLost }: GoOptions): Promise<void> {
  const command = 'Go';
  try {
    await session.begin(command, 0x21);
  } catch (error) {
    const silent = error instanceof Fault && error.code === 'bootloader-timeout';
    if (!silent || !firstAcknowledgementLost) throw error;
  }
  await session.step(command, withXor(u32be(address)));
}
