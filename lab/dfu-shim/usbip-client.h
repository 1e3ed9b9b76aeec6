/*
 * A client of USB/IP (usb/usbip_protocol of the Linux kernel's documentation, version 1.1.1): what a
 * server exports, and control transfers to one device of it. Every field on the wire is big-endian.
 * No other transfers, one at a time.
 */
#ifndef USBIP_CLIENT_H
#define USBIP_CLIENT_H

#include <stdint.h>

/* Values of libusb's error codes, which this client's functions give too. */
enum {
  kSuccess = 0,
  kErrorIo = -1,
  kErrorNoDevice = -4,
  kErrorNotFound = -5,
  kErrorTimeout = -7,
  kErrorPipe = -9,
  kErrorNoMem = -11,
};

enum {
  kDevicesMax = 16,
  kDeviceRecordBytes = 312,
  kBusIdOffset = 256,
  kBusIdBytes = 32,
  kControlDataBytesMax = 4096,
};

struct device_descriptor {
  uint8_t length, type;
  uint16_t usb_version;
  uint8_t device_class, subclass, protocol, max_packet;
  uint16_t vendor, product, release;
  uint8_t manufacturer_string, product_string, serial_string, configurations;
};
_Static_assert(sizeof(struct device_descriptor) == 18, "device descriptor");

typedef struct device {
  int socket; /* -1 until imported, and after the device left the bus */
  int references;
  uint32_t sequence;
  uint8_t record[kDeviceRecordBytes];
  struct device_descriptor descriptor;
} device;

/* One that the server exports, not imported yet. */
struct exported {
  uint8_t record[kDeviceRecordBytes];
};

/* Records of what the server exports; how many, or an error. */
int usbip_list(struct exported found[kDevicesMax]);

/* What a kernel does when a device is plugged in: connects, reads its descriptor, configures it once. */
int usbip_import(device *one);

void usbip_leave(device *one);

/* Setup packet as in USB 2.0 section 9.3; bytes transferred, or an error. A time-out
 * of 0 waits without end. */
int usbip_control(device *one, const uint8_t setup[8], unsigned char *data, unsigned timeout_ms);

/* From the device's record. */
uint8_t usbip_bus_number(const device *one);
uint8_t usbip_device_number(const device *one);

#endif
