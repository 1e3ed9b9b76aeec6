// The canonical text of a place (spec/places.md section 3): what parsePlace reads back to an equal place.

import type { Place, UsbSocket } from './place.ts';

/** `1-4.2`, as Linux names the folder of a device. */
export function socketText({ bus, ports }: UsbSocket): string {
  return `${bus}-${ports.join('.')}`;
}

/** `127.0.0.1:5001`, `[::1]:5001`. */
export function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function placeText(place: Place): string {
  switch (place.kind) {
    case 'serial':
      return place.baud === undefined ? `serial:${place.path}` : `serial:${place.path}@${place.baud}`;
    case 'usb':
    case 'probe':
      return `${place.kind}:${socketText(place)}`;
    case 'tcp':
    case 'openocd':
    case 'virtual':
      return `${place.kind}:${addressText(place)}`;
    case 'station':
      return `station:${place.station}/${placeText(place.place)}`;
    case 'written':
      return 'written';
  }
}
