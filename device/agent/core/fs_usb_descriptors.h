/* Descriptors of the agent's USB device: spec/link.md section 5.1. Tables; requests are fs_usb.c's. */
#ifndef FS_USB_DESCRIPTORS_H
#define FS_USB_DESCRIPTORS_H

#include "fs_usb_request.h"

/* Without settings of the board: the pid.codes pair for tests, which no product may use. */
#define FS_USB_VENDOR_ID 0x1209u
#define FS_USB_PRODUCT_ID 0x0001u

/* GET_DESCRIPTOR of the device. FS_NO: the device has no such descriptor. */
fs_answer fs_usb_descriptor(uint8_t type, uint8_t index, fs_view *found);
/* The DFU functional descriptor of an alternate setting. */
fs_view fs_usb_functional(uint32_t alternate);
/* Microsoft OS 2.0 descriptor set, WebUSB address. FS_NO: no such request. */
fs_answer fs_usb_platform(const fs_usb_setup *setup, fs_view *found);

#endif
