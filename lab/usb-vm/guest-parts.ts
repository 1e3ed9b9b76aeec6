// What the guest consists of, apart from the kernel: programs and folders of the Debian packages that this
// machine has, and modules of the kernel in the guest.

/** Packages whose versions decide whether a kept file system still serves. */
export const guestPackages = ['busybox-static', 'usbip', 'dfu-util', 'openocd', 'usbutils'] as const;

/** The newest kernel that Debian has is what this package depends on. */
export const kernelPackage = 'linux-image-amd64';

/** Paths on this machine and in the guest; their shared libraries come along. */
export const guestPrograms = [
  '/usr/sbin/usbip',
  '/usr/bin/dfu-util',
  '/usr/bin/openocd',
  '/usr/bin/lsusb',
] as const;

/** Linked statically: runs before anything else is there. */
export const busybox = '/bin/busybox';

export const guestFolders = [
  '/usr/share/openocd/scripts/target',
  '/usr/share/openocd/scripts/interface',
  '/usr/share/openocd/scripts/cpu',
] as const;

export const guestFiles = ['/usr/share/openocd/scripts/mem_helper.tcl'] as const;

/** With what they depend on. */
export const guestModules = [
  ...(['virtio_net', 'virtio_pci', 'vhci-hcd', 'usbhid', 'hid-generic', 'cdc-acm'] as const),
  // For the file system of the machine that runs QEMU (host-root.sh).
  ...(['9p', '9pnet_virtio', 'overlay'] as const),
] as const;
