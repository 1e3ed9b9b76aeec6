// Fuzzing of the ROM bootloaders through their doors. After each input: no crash of the chip, and at
// readout level 1 neither a byte of the flash outside nor a change inside, unless readout unprotect
// erased it first. Every so often, after a reset, a clean session programs and verifies. A failure names
// seed and input, which bring it back.

import { ChipUsbPort, UsbControl, UsbDetached, type VirtualChip } from '@firmseal/virtual-stm32';
import { DfuHost, enumerate, exchange, programByUart } from './bootloader-session.ts';
import { controlInput, uartInput } from './door-inputs.ts';
import { type FuzzOptions, type FuzzReport, Run } from './fuzz-run.ts';

const downloadRequest = 1;
const getStatusRequest = 3;

/** The UART door: bursts of bytes. A chip that left its bootloader is reset. */
export async function fuzzUart(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run(options);
  let synchronized: VirtualChip | undefined;
  await run.all(
    () => {
      if (!run.target.chip.running) run.departed();
      else if (synchronized !== run.target.chip || run.random.below(20) === 0) run.revive();
      const { target } = run;
      const { chip } = target;
      target.check(exchange(chip, Uint8Array.of(0x7f)));
      synchronized = chip;
      target.check(exchange(chip, uartInput(run.random)));
    },
    (content) => programByUart(run.target.chip, content),
  );
  return run.report();
}

/**
 * The USB door: control transfers on endpoint 0, now and then with what a host would do around them. A device
 * that left the bus is enumerated again.
 */
export async function fuzzDfu(options: FuzzOptions): Promise<FuzzReport> {
  const run = new Run(options);
  let port: ChipUsbPort | undefined;
  let current: { chip: VirtualChip; device: object; control: UsbControl } | undefined;
  const attach = async (): Promise<UsbControl> => {
    if (run.target.chip.usb === undefined) run.departed();
    const { chip } = run.target;
    if (current?.chip !== chip) {
      port?.close();
      port = new ChipUsbPort(chip);
    }
    const device = port!.device!;
    if (current?.device !== device) {
      current = { chip, device, control: new UsbControl(device) };
      await enumerate(current.control, device);
    }
    return current.control;
  };
  await run.all(
    async () => {
      const control = await attach();
      const host = new DfuHost(control);
      const { setup, data } = controlInput(run.random);
      const [recovers, polls] = [run.random.below(3) === 0, run.random.below(4) > 0];
      try {
        if (recovers) await host.toIdle();
        run.target.check((await control.handle(setup, data)) ?? []);
        if (polls && setup.request === downloadRequest) await host.request(getStatusRequest, 0, 6);
        run.target.check([]);
      } catch (error) {
        if (!(error instanceof UsbDetached)) throw error;
      }
    },
    async (content) => new DfuHost(await attach()).program(content),
  );
  port?.close();
  return run.report();
}
