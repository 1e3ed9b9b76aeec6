// Reads the text of a place (spec/places.md sections 1 and 4). Texts come from operators: each fault says
// which part is wrong and why, and its remedy shows how the part is written.

import { Fault, type FaultCode } from '@firmseal/fault';
import type { NearPlace, NetPlace, Place, SerialPlace, UsbPlace, UsbSocket } from './place.ts';
import { type Reading, readHost, readNumber } from './read-host.ts';

const mostCharacters = 300;
const mostPorts = 7;

/** Throws the fault of a part, with the whole text. */
type Refuse = (code: FaultCode, fields: { part: string; reason?: string }) => never;

function afterLast(text: string, mark: string): { head: string; tail: string | undefined } {
  const at = text.lastIndexOf(mark);
  return at < 0 ? { head: text, tail: undefined } : { head: text.slice(0, at), tail: text.slice(at + 1) };
}

/**
 * path ::= ( '/' segment )+ | com ::= 'COM' number; `\\.\COM7` is how Windows
 * itself writes the ports above 9.
 */
function readPortName(text: string): Reading<string> {
  const [, digits] = /^(?:\\\\\.\\)?COM(\d+)$/i.exec(text) ?? [];
  if (digits !== undefined) {
    const number = readNumber(digits, { least: 1, most: 999 });
    return number === undefined
      ? { reason: 'COM ports are numbered from 1 to 999' }
      : { value: `COM${number}` };
  }
  if (text === '') return { reason: 'it is empty' };
  if (!text.startsWith('/'))
    return { reason: 'it is neither COM and a number nor a path that begins with /' };
  const segments = text.slice(1).split('/');
  if (segments.some((one) => one === '' || one === '.' || one === '..'))
    return { reason: 'a part of the path is empty, . or ..' };
  return text.includes('@') ? { reason: 'the path has an @' } : { value: text };
}

/** serial ::= 'serial:' ( path | com ) ( '@' baud )? */
function readSerial(text: string, refuse: Refuse): SerialPlace {
  const { head, tail } = afterLast(text, '@');
  const baud = tail === undefined ? undefined : readNumber(tail, { least: 1200, most: 20_000_000 });
  if (tail !== undefined && baud === undefined) return refuse('place-baud-invalid', { part: tail });
  const name = readPortName(head);
  if ('reason' in name) return refuse('place-port-name-invalid', { part: head, reason: name.reason });
  return { kind: 'serial', path: name.value, ...(baud === undefined ? {} : { baud }) };
}

/** socket ::= bus '-' port ( '.' port )* */
function readSocket(text: string): Reading<UsbSocket> {
  if (/^[0-9a-f]{4}:[0-9a-f]{4}$/i.test(text))
    return { reason: 'these are the ids of vendor and product, which many devices share' };
  const [, busText, portTexts] = /^(\d+)-(\d+(?:\.\d+)*)$/.exec(text) ?? [];
  if (busText === undefined || portTexts === undefined)
    return { reason: 'it is not a bus, a minus and ports with dots between' };
  const bus = readNumber(busText, { least: 0, most: 255 });
  const ports = portTexts.split('.').map((one) => readNumber(one, { least: 1, most: 255 }));
  if (bus === undefined || ports.includes(undefined))
    return { reason: 'a bus is a number from 0 to 255, a port one from 1 to 255' };
  if (ports.length > mostPorts) return { reason: `a device has at most ${mostPorts} ports on its way` };
  return { value: { bus, ports: ports as number[] } };
}

function readUsb(kind: UsbPlace['kind'], text: string, refuse: Refuse): UsbPlace {
  const socket = readSocket(text);
  if ('reason' in socket) return refuse('place-socket-invalid', { part: text, reason: socket.reason });
  return { kind, ...socket.value };
}

/** address ::= host ':' tcpport */
function readNet(kind: NetPlace['kind'], text: string, refuse: Refuse): NetPlace {
  const { head, tail = '' } = afterLast(text, ':');
  const port = readNumber(tail, { least: 1, most: 65535 });
  if (port === undefined) return refuse('place-tcp-port-invalid', { part: tail === '' ? text : tail });
  const host = readHost(head);
  if ('reason' in host) return refuse('place-host-invalid', { part: head, reason: host.reason });
  return { kind, host: host.value, port };
}

/** station ::= 'station:' stname '/' inner */
function readStation(text: string, refuse: Refuse): Place {
  const at = text.indexOf('/');
  const station = at < 0 ? text : text.slice(0, at);
  if (at < 0)
    return refuse('place-station-invalid', {
      part: text,
      reason: 'no slash follows the name of the station',
    });
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(station))
    return refuse('place-station-invalid', {
      part: station,
      reason: 'a name has up to 63 small letters, digits, - and _, and begins with a letter or digit',
    });
  const inner = text.slice(at + 1);
  const place = readKind(inner, refuse);
  if (place.kind === 'station' || place.kind === 'written')
    return refuse('place-station-invalid', { part: inner, reason: 'it is not a place of that station' });
  return { kind: 'station', station, place: place satisfies NearPlace };
}

function readKind(text: string, refuse: Refuse): Place {
  if (text === 'written') return { kind: 'written' };
  const at = text.indexOf(':');
  const kind = at < 0 ? text : text.slice(0, at);
  const rest = text.slice(at + 1);
  if (at < 0)
    return refuse('place-kind-unknown', { part: kind, reason: 'it has no kind with a colon in front' });
  switch (kind) {
    case 'serial':
      return readSerial(rest, refuse);
    case 'usb':
    case 'probe':
      return readUsb(kind, rest, refuse);
    case 'tcp':
    case 'openocd':
    case 'virtual':
      return readNet(kind, rest, refuse);
    case 'station':
      return readStation(rest, refuse);
    default:
      return refuse('place-kind-unknown', { part: kind, reason: `${kind}: is not one` });
  }
}

/**
 * The place that the text names. Throws `place-text-invalid`, `place-kind-unknown` and the fault of a part.
 */
export function parsePlace(text: string): Place {
  const refuse: Refuse = (code, fields) => {
    throw new Fault(code, { place: text, ...fields });
  };
  if (text === '') return refuse('place-text-invalid', { part: '', reason: 'it is empty' });
  if (text.length > mostCharacters)
    return refuse('place-text-invalid', {
      part: '',
      reason: `it has more than ${mostCharacters} characters`,
    });
  if (!/^[!-~]+$/.test(text))
    return refuse('place-text-invalid', { part: '', reason: 'it has a space or a character beyond ASCII' });
  return readKind(text, refuse);
}
