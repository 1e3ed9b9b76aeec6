// What an independent program reads out of the agent's USB descriptors: lsusb of Debian, on the device as a
// Linux kernel enumerated it. It walks the BOS with both platform capabilities, and asks the device for the
// address of the landing page. No program at hand reads Microsoft's descriptor set itself: its bytes are
// held by device/agent/test/usb.test.ts alone, against the specification.

import { ChipUsbPort } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { blankLine } from '../../device/agent/test/line.ts';
import { putBoard } from '../../device/agent/test/usb-host.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { guest, onlyInWhole } from './guest-of-tests.ts';
import { runInGuest } from './run-in-guest.ts';

skipTests(onlyInWhole);

test('lsusb reads the descriptors of the agent, and the kernel has nothing against them', async () => {
  const line = await blankLine('stm32f427');
  putBoard(line, { landingPage: 'https://fw.example.com/' });
  const { chip } = line;
  const usb = new ChipUsbPort(chip);
  const plugged = {
    busId: '1-1',
    get device() {
      return usb.device;
    },
  };
  try {
    const script = 'lsusb -v -d 1209:0001; echo; echo @@; dmesg | grep "usb 1-1"';
    const { output } = await runInGuest({ guest: guest!, devices: [plugged], script, timeoutMs: 300_000 });
    const [listed = '', kernel = ''] = output.split('@@');
    const text = listed.replace(/[ \t]+/g, ' ').replace(/ ?\n ?/g, '\n');
    const holds = (...lines: string[]) => expect(text).toContain(`\n${lines.join('\n')}\n`);

    holds('bcdUSB 2.01', 'bDeviceClass 0', 'bDeviceSubClass 0', 'bDeviceProtocol 0');
    holds(
      'bInterfaceClass 254',
      'bInterfaceSubClass 1',
      'bInterfaceProtocol 2',
      'iInterface 4 firmseal package',
    );
    holds('wTransferSize 1024 bytes', 'bcdDFUVersion 1.10');
    holds(
      'bInterfaceClass 255',
      'bInterfaceSubClass 0',
      'bInterfaceProtocol 0',
      'iInterface 5 firmseal frames',
    );
    // The one that lsusb has no name for: DFU's functional descriptor behind the setting of a vendor's class.
    expect(text.match(/UNRECOGNIZED.*/g)).toEqual(['UNRECOGNIZED: 09 21 07 ff 00 00 04 10 01']);

    holds(
      'Binary Object Store Descriptor:',
      'bLength 5',
      'bDescriptorType 15',
      'wTotalLength 0x0039',
      'bNumDeviceCaps 2',
    );
    const capabilities = text.split('Platform Device Capability:\n').slice(1);
    expect(capabilities).toHaveLength(2);
    const [microsoft = '', web = ''] = capabilities;
    expect(microsoft).toContain('PlatformCapabilityUUID {d8dd60df-4589-4cc7-9cd2-659d9e648a9f}\n');
    const bytes = [...microsoft.matchAll(/CapabilityData\[\d\] 0x(..)/g)].map(([, digits]) => digits);
    // Windows 8.1 (0x06030000), a set of 162 bytes, vendor code 1, no other enumeration.
    expect(bytes.join(' ')).toBe('00 00 03 06 a2 00 01 00');
    expect(web).toContain('PlatformCapabilityUUID {3408b638-09a9-47a0-8bfd-a0768815b665}\n');
    expect(web).toContain('bcdVersion 1.00\nbVendorCode 2\niLandingPage 1 https://fw.example.com/\n');

    expect(kernel).toContain('idVendor=1209, idProduct=0001');
    expect(kernel).not.toMatch(/unable|invalid|error|fail|no configuration/i);
  } finally {
    usb.close();
  }
}, 600_000);
