// Device, configuration and endpoint descriptors as bytes. USB 2.0, section 9.6.

/** Device descriptor of 18 bytes with strings 1, 2, 3 and one configuration (USB 2.0, table 9-8). */
export function deviceDescriptor(options: {
  vendor: number;
  product: number;
  release: number;
  usbVersion?: number;
  maxPacketBytes?: number;
}): Uint8Array {
  const { vendor, product, release, usbVersion = 0x0200, maxPacketBytes = 64 } = options;
  const bytes = Uint8Array.of(18, 1, 0, 0, 0, 0, 0, maxPacketBytes, 0, 0, 0, 0, 0, 0, 1, 2, 3, 1);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, usbVersion, true);
  view.setUint16(8, vendor, true);
  view.setUint16(10, product, true);
  view.setUint16(12, release, true);
  return bytes;
}

/**
 * Configuration descriptor around the given interface, endpoint and functional
 * descriptors (USB 2.0, table 9-10).
 */
export function configurationDescriptor(parts: readonly Uint8Array[], interfaceCount = 1): Uint8Array {
  const totalBytes = 9 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(totalBytes);
  bytes.set([9, 2, totalBytes & 0xff, totalBytes >>> 8, interfaceCount, 1, 0, 0xc0, 50]);
  let offset = 9;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Endpoint descriptor; types 2 bulk and 3 interrupt, the latter polled every frame (USB 2.0, table 9-13). */
export function endpointDescriptor(
  address: number,
  { type, packetBytes }: { type: 2 | 3; packetBytes: number },
): Uint8Array {
  const intervalFrames = type === 3 ? 1 : 0;
  return Uint8Array.of(7, 5, address, type, packetBytes & 0xff, packetBytes >>> 8, intervalFrames);
}
