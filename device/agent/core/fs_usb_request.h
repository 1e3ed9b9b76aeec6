/* Setup packets and request codes, USB 2.0 section 9.3, and what the files of the
 * device class share of them. */
#ifndef FS_USB_REQUEST_H
#define FS_USB_REQUEST_H

#include "fs_bytes.h"

/* Longest data stage in either direction: wTransferSize of the DFU functional descriptors. */
#define FS_USB_TRANSFER_MAX 1024u

typedef struct {
  uint8_t type; /* bmRequestType */
  uint8_t request;
  uint16_t value;
  uint16_t index;
  uint16_t length;
} fs_usb_setup;

enum {
  FS_USB_IN = 0x80,
  FS_USB_KIND_MASK = 0x60,
  FS_USB_KIND_STANDARD = 0x00,
  FS_USB_KIND_CLASS = 0x20,
  FS_USB_KIND_VENDOR = 0x40,
  FS_USB_TO_INTERFACE = 0x01
};

/* Alternate settings of the one interface. */
enum { FS_USB_ALTERNATE_PACKAGE = 0, FS_USB_ALTERNATE_FRAMES = 1, FS_USB_ALTERNATE_COUNT = 2 };

/* bRequest of vendor requests. */
enum { FS_USB_VENDOR_MICROSOFT = 0x01, FS_USB_VENDOR_WEBUSB = 0x02, FS_USB_VENDOR_FAULT = 0x03 };

#endif
