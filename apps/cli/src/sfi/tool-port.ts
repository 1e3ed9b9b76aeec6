// `--via` of the commands around ST's tools: a probe's socket or a serial port as everywhere in firmseal, or
// the words by which ST's tool itself calls a port.

import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { parsePlace, placeText, socketText } from '@firmseal/places';
import type { ToolPort } from '@firmseal/sfi';
import { listUsb } from '@firmseal/usb-adapter';

const ownWords = /^(swd|jtag|jlink|flasher|usb\d{1,2})(?::([A-Za-z0-9]{1,64}))?$/i;

function collectPorts(text: string, before: readonly string[] = []): string[] {
  if (!ownWords.test(text)) {
    const { kind } = parsePlace(text);
    if (kind !== 'probe' && kind !== 'serial')
      throw new InvalidArgumentError(
        'It must be probe:SOCKET, serial:PORT, or a port of the tool: swd, swd:SERIAL, usb1.',
      );
  }
  if (before.includes(text)) throw new Fault('socket-repeated', { socket: text });
  return [...before, text];
}

export const portsOption = () =>
  new Option(
    '--via <place>',
    "way to a chip: probe:SOCKET, serial:PORT, or a port as ST's tool calls it: swd, swd:SERIAL, usb1 (repeat)",
  ).argParser(collectPorts);

export const portOption = () =>
  new Option(
    '--via <place>',
    "way to the chip: probe:SOCKET, serial:PORT, or a port as ST's tool calls it: swd, swd:SERIAL, usb1",
  ).argParser((text: string) => collectPorts(text)[0]!);

/**
 * The tool knows probes by serial number. Throws `sfi-place-unsupported`, and what
 * the list of devices throws.
 */
export async function toolPort(text: string): Promise<ToolPort> {
  const [, port, serialNumber] = ownWords.exec(text) ?? [];
  if (port !== undefined) return { port, ...(serialNumber === undefined ? {} : { serialNumber }) };
  const place = parsePlace(text);
  if (place.kind === 'serial') return { port: place.path };
  if (place.kind !== 'probe')
    throw new Fault('sfi-place-unsupported', {
      place: placeText(place),
      reason: 'it is no probe and no serial port',
    });
  const found = (await listUsb()).find(({ socket }) => socketText(socket) === socketText(place));
  if (found === undefined)
    throw new Fault('sfi-place-unsupported', {
      place: placeText(place),
      reason: 'nothing is plugged in there',
    });
  if (!/^[A-Za-z0-9]{1,64}$/.test(found.serialNumber ?? ''))
    throw new Fault('sfi-place-unsupported', {
      place: placeText(place),
      reason: "the probe has no serial number that ST's tool takes",
    });
  return { port: 'swd', serialNumber: found.serialNumber! };
}
