// Texts of places with their canonical text or their fault: spec/places.md. Written by hand from its grammar.

interface PlaceCase {
  readonly name: string;
  readonly text: string;
  /** The canonical text; absent where the text is refused. */
  readonly canonical?: string;
  readonly fault?: string;
}

/** Name, text, and the canonical text where it is another one. */
const taken: readonly (readonly [name: string, text: string, canonical?: string])[] = [
  ['a serial port of Linux', 'serial:/dev/ttyUSB0'],
  ['a serial port with a rate', 'serial:/dev/ttyUSB0@921600'],
  ['a serial port of macOS', 'serial:/dev/cu.usbmodem14203'],
  [
    'a link that names the way to the port',
    'serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:4.2:1.0-port0@57600',
  ],
  ['the slowest rate', 'serial:/dev/ttyS0@1200'],
  ['the fastest rate', 'serial:/dev/ttyS0@20000000'],
  ['a serial port of Windows', 'serial:COM7'],
  ['the last COM port', 'serial:COM999'],
  ['a COM port in small letters', 'serial:com12@115200', 'serial:COM12@115200'],
  ['a COM port as Windows writes those above 9', 'serial:\\\\.\\COM12', 'serial:COM12'],
  ['a USB socket of the root hub', 'usb:1-4'],
  ['a USB socket behind a hub', 'usb:1-4.2'],
  ['a USB socket behind six hubs', 'usb:255-1.2.3.4.5.6.255'],
  ['bus 0, which macOS has', 'usb:0-1'],
  ['a probe', 'probe:3-1.1'],
  ['an IPv4 address', 'tcp:127.0.0.1:5001'],
  ['the last port', 'tcp:0.0.0.0:65535'],
  ['a name', 'tcp:station-2.example:5001'],
  ['a name of one label', 'openocd:localhost:6666'],
  ['a name in capitals', 'tcp:Station-2.Example:1', 'tcp:station-2.example:1'],
  ['a name with digits first', 'tcp:7segments.example:1'],
  ['an IPv6 address', 'tcp:[::1]:5001'],
  ['an IPv6 address written long', 'virtual:[2001:0DB8:0:0:0:0:0:0001]:5002', 'virtual:[2001:db8::1]:5002'],
  ['an IPv6 address with an IPv4 address in it', 'tcp:[::ffff:192.0.2.1]:1', 'tcp:[::ffff:c000:201]:1'],
  ['an IPv6 address with two runs of zeros', 'tcp:[1:0:0:2:0:0:0:3]:1', 'tcp:[1:0:0:2::3]:1'],
  ['a USB socket at a station', 'station:line-2/usb:1-4.2'],
  ['a serial port at a station', 'station:bench_1/serial:com3', 'station:bench_1/serial:COM3'],
  ['no place', 'written'],
];

const long = (prefix: string, characters: number, rest = '') => prefix + 'a'.repeat(characters) + rest;

const refused: readonly (readonly [name: string, text: string, fault: string])[] = [
  ['nothing', '', 'place-text-invalid'],
  ['301 characters', long('serial:/', 293), 'place-text-invalid'],
  ['a space behind', 'usb:1-4 ', 'place-text-invalid'],
  ['a space in it', 'serial:/dev/tty USB0', 'place-text-invalid'],
  ['a line end behind', 'usb:1-4\n', 'place-text-invalid'],
  ['a letter beyond ASCII', 'tcp:m\u00fcnchen.example:1', 'place-text-invalid'],
  ['a port without its kind', '/dev/ttyUSB0', 'place-kind-unknown'],
  ['host and port without a kind', '127.0.0.1:5001', 'place-kind-unknown'],
  ['a kind in capitals', 'USB:1-4', 'place-kind-unknown'],
  ['a kind that does not exist', 'uart:/dev/ttyUSB0', 'place-kind-unknown'],
  ['no place, with more behind', 'written:x', 'place-kind-unknown'],
  ['a colon alone', ':', 'place-kind-unknown'],
  ['a serial port without a name', 'serial:', 'place-port-name-invalid'],
  ['a rate without a port', 'serial:@115200', 'place-port-name-invalid'],
  ['a port without its folder', 'serial:ttyUSB0', 'place-port-name-invalid'],
  ['a folder without a name', 'serial:/dev/', 'place-port-name-invalid'],
  ['two slashes', 'serial:/dev//ttyUSB0', 'place-port-name-invalid'],
  ['a path that goes up', 'serial:/dev/../etc/shadow', 'place-port-name-invalid'],
  ['two rates', 'serial:/dev/ttyUSB0@9600@9600', 'place-port-name-invalid'],
  ['COM port 0', 'serial:COM0', 'place-port-name-invalid'],
  ['COM port 1000', 'serial:COM1000', 'place-port-name-invalid'],
  ['a COM port with a zero in front', 'serial:COM07', 'place-port-name-invalid'],
  ['an empty rate', 'serial:/dev/ttyUSB0@', 'place-baud-invalid'],
  ['a rate below all', 'serial:/dev/ttyUSB0@1199', 'place-baud-invalid'],
  ['a rate above all', 'serial:/dev/ttyUSB0@20000001', 'place-baud-invalid'],
  ['a rate with a unit', 'serial:/dev/ttyUSB0@115k2', 'place-baud-invalid'],
  ['a rate with a zero in front', 'serial:COM7@0115200', 'place-baud-invalid'],
  ['a rate with a sign', 'serial:COM7@+9600', 'place-baud-invalid'],
  ['ids of vendor and product', 'usb:0483:df11', 'place-socket-invalid'],
  ['a serial number', 'usb:205F357B4252', 'place-socket-invalid'],
  ['bus and address as lsusb writes them', 'usb:001:004', 'place-socket-invalid'],
  ['a bus without a port', 'usb:1', 'place-socket-invalid'],
  ['a bus with a minus and no port', 'usb:1-', 'place-socket-invalid'],
  ['a port of zero', 'usb:1-0', 'place-socket-invalid'],
  ['a port of 256', 'usb:1-256', 'place-socket-invalid'],
  ['a bus of 256', 'usb:256-1', 'place-socket-invalid'],
  ['a bus with a zero in front', 'usb:01-1', 'place-socket-invalid'],
  ['an interface instead of a device', 'usb:1-4.2:1.0', 'place-socket-invalid'],
  ['eight ports', 'probe:1-1.2.3.4.5.6.7.8', 'place-socket-invalid'],
  ['a host without a port', 'tcp:127.0.0.1', 'place-tcp-port-invalid'],
  ['a port without a host', 'tcp:5001', 'place-tcp-port-invalid'],
  ['a port of 0', 'tcp:127.0.0.1:0', 'place-tcp-port-invalid'],
  ['a port of 65536', 'tcp:127.0.0.1:65536', 'place-tcp-port-invalid'],
  ['a port by name', 'openocd:localhost:tcl', 'place-tcp-port-invalid'],
  ['no port behind the colon', 'tcp:localhost:', 'place-tcp-port-invalid'],
  ['an IPv6 address without a port', 'tcp:[::1]', 'place-tcp-port-invalid'],
  ['an empty host', 'tcp::5001', 'place-host-invalid'],
  ['an IPv6 address without brackets', 'tcp:::1:5001', 'place-host-invalid'],
  ['an IPv6 address with a zone', 'tcp:[fe80::1%25eth0]:5001', 'place-host-invalid'],
  ['an IPv6 address of nine groups', 'tcp:[1:2:3:4:5:6:7:8:9]:1', 'place-host-invalid'],
  ['brackets around an IPv4 address', 'tcp:[127.0.0.1]:1', 'place-host-invalid'],
  ['an IPv4 address of three numbers', 'tcp:127.0.1:1', 'place-host-invalid'],
  ['an IPv4 address with 256', 'tcp:127.0.0.256:1', 'place-host-invalid'],
  ['an IPv4 address with a zero in front', 'tcp:127.0.0.01:1', 'place-host-invalid'],
  ['a name with an underscore', 'tcp:line_2:1', 'place-host-invalid'],
  ['a name that ends in a minus', 'tcp:line-:1', 'place-host-invalid'],
  ['a name with a dot at its end', 'tcp:line.example.:1', 'place-host-invalid'],
  ['a label of 64 characters', long('tcp:', 64, ':1'), 'place-host-invalid'],
  ['a user in front of the host', 'tcp:root@host:1', 'place-host-invalid'],
  ['a station without a place', 'station:line-2', 'place-station-invalid'],
  ['a station without a name', 'station:/usb:1-4', 'place-station-invalid'],
  ['a station in capitals', 'station:Line/usb:1-4', 'place-station-invalid'],
  ['a station at a station', 'station:a/station:b/usb:1-4', 'place-station-invalid'],
  ['written at a station', 'station:a/written', 'place-station-invalid'],
  ['a wrong socket at a station', 'station:a/usb:1', 'place-socket-invalid'],
  ['a kind that no station has', 'station:a/uart:1', 'place-kind-unknown'],
];

export function placeCases(): readonly PlaceCase[] {
  return [
    ...taken.map(([name, text, canonical = text]) => ({ name, text, canonical })),
    ...refused.map(([name, text, fault]) => ({ name, text, fault })),
  ];
}
