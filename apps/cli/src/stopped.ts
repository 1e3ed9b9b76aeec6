// What an owner stops, as the commands name it and tell of it.

import { Option } from '@commander-js/extra-typings';
import type { StopKind, StopView } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import type { Face } from './face.ts';
import { showTime } from './times.ts';

export const stoppedDeviceOption = () => new Option('--device <thumbprint>', 'a device, by its thumbprint');
export const stoppedProductOption = () => new Option('--product <name>', 'everything of a product');
export const stoppedStationOption = () =>
  new Option(
    '--station <name>',
    'a station that writes chips itself, and lines whose token is bound to it; SITE/* for a whole site',
  );

interface Named {
  readonly device?: string | undefined;
  readonly product?: string | undefined;
  readonly station?: string | undefined;
}

/** Throws `command-line-invalid` unless one is named. */
export function stoppedBy(
  { device, product, station }: Named,
  command: string,
): { kind: StopKind; name: string } {
  const named = [
    ...(device === undefined ? [] : [{ kind: 'device' as const, name: device.toLowerCase() }]),
    ...(product === undefined ? [] : [{ kind: 'product' as const, name: product }]),
    ...(station === undefined ? [] : [{ kind: 'station' as const, name: station }]),
  ];
  const [one] = named;
  if (one !== undefined && named.length === 1) return one;
  throw new Fault('command-line-invalid', { command, detail: 'give one of --device, --product, --station' });
}

export function tellStop(face: Face, view: StopView): void {
  const { kind, name, reason, atMs } = view;
  face.tell({ event: 'stop', ...view }, `${kind} ${name}: STOPPED since ${showTime(atMs)}: ${reason}`);
}
