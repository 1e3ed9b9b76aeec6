/* Descriptors of the agent's USB device: spec/link.md section 5.1. Tables; requests are fs_usb.c's. */
#ifndef FS_USB_DESCRIPTORS_H
#define FS_USB_DESCRIPTORS_H

#include "fs_usb_request.h"

/* A product ships with its owner's own pair; 0x1209:0x0001 is the pid.codes pair for tests
 * and no product may use it. */
#ifndef FS_USB_VENDOR_ID
#define FS_USB_VENDOR_ID 0x1209u
#define FS_USB_PRODUCT_ID 0x0001u
#endif
/* What a browser offers to open: scheme 0 http, 1 https, and the rest of the address. */
#ifndef FS_USB_LANDING_PAGE
#define FS_USB_LANDING_SCHEME 0u
#define FS_USB_LANDING_PAGE "localhost:8080/"
#endif

/* GET_DESCRIPTOR of the device. FS_NO: there is none. */
fs_answer fs_usb_descriptor(uint8_t type, uint8_t index, fs_view *found);
/* The DFU functional descriptor of an alternate setting. */
fs_view fs_usb_functional(uint32_t alternate);
/* Microsoft OS 2.0 descriptor set, WebUSB address. FS_NO: no such request. */
fs_answer fs_usb_platform(const fs_usb_setup *setup, fs_view *found);

#endif
