// A rehearsal over the UART bootloader with BOOT0 high all the time: after the reset with which the agent
// sets its option bytes, the chip is in its ROM again and is led back to the agent.

import { AgentClient } from '@firmseal/agent-client';
import { findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { TestClock } from '@firmseal/link/testing';
import { openUartProgrammer } from '@firmseal/programming';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import { agentImage, wasmAgent } from '@firmseal/virtual-stm32';
import { expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { personalizeChip } from './personalize.ts';

const [root, ca] = [nodeCrypto.generateP256(), nodeCrypto.generateP256()];

it.each(['stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476'])('ends at level 0 on %s', async (id) => {
  const facts = findChip(id);
  const chip = startInBootloader(id, { seed: `rehearsal ${id}`, programs: [wasmAgent(nodeCrypto)] });
  const clock = new TestClock();
  const { device } = await clock.run(
    personalizeChip({
      ...{ crypto: nodeCrypto, clock, chip: facts },
      openProgrammer: () => openUartProgrammer({ chip: facts, stream: openChipUart(chip), clock }),
      openAgent: async () => {
        const stream = openChipUart(chip);
        return { agent: await AgentClient.connect({ stream, clock }), close: () => stream.close() };
      },
      agentImage: agentImage(await buildAgent(id), facts),
      ...{ rootPublicKey: root.publicKey, product: 'panel', epoch: 0, level: 0 },
      origin: { kind: 'witnessed', rehearsal: true },
      deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
      validFrom: new Date('2026-01-01T00:00:00Z'),
    }),
  );
  expect(device.origin.rehearsal).toBe(true);
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(0);
});
