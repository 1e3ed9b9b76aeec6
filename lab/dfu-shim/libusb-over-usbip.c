/*
 * A stand-in for libusb-1.0 that speaks USB/IP to a server on this machine, so that an
 * unmodified dfu-util works where there is no USB. Preloaded with LD_PRELOAD; it offers what
 * dfu-util 0.9 to 0.11 calls and nothing more.
 *
 * USBIP_SHIM_PORT      port of the server on 127.0.0.1
 * USBIP_SHIM_NO_SLEEP  if set, the program's sleeps return at once: poll times of a simulated chip cost no
 *                      real time
 *
 * Structures: the public ABI of libusb-1.0. The wire is usbip-client.c.
 */
#define _GNU_SOURCE
#include "usbip-client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <time.h>

enum { kInterfacesMax = 4, kAlternatesMax = 16 };

struct interface_descriptor {
  uint8_t fields[9];
  const void *endpoint;
  const unsigned char *extra;
  int extra_bytes;
};

struct interface {
  const struct interface_descriptor *alternates;
  int alternate_count;
};

struct config_descriptor {
  uint8_t length, type;
  uint16_t total_bytes;
  uint8_t interface_count, value, string, attributes, max_power;
  const struct interface *interfaces;
  const unsigned char *extra;
  int extra_bytes;
};

/* What a configuration descriptor is parsed into; the public part comes first. */
struct parsed_config {
  struct config_descriptor public;
  struct interface interfaces[kInterfacesMax];
  struct interface_descriptor alternates[kInterfacesMax][kAlternatesMax];
  unsigned char bytes[kControlDataBytesMax];
};

int libusb_control_transfer(device *one, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
                            unsigned char *data, uint16_t count, unsigned timeout_ms) {
  uint8_t setup[8] = {type, request};
  uint16_t words[3] = {value, index, count};
  for (int i = 0; i < 3; i++) {
    setup[2 + 2 * i] = (uint8_t)words[i];
    setup[3 + 2 * i] = (uint8_t)(words[i] >> 8);
  }
  return usbip_control(one, setup, data, timeout_ms);
}

void libusb_free_device_list(device **list, int unreference) {
  for (int i = 0; unreference && list[i] != NULL; i++)
    if (--list[i]->references == 0) {
      usbip_leave(list[i]);
      free(list[i]);
    }
  free(list);
}

ssize_t libusb_get_device_list(void *context, device ***out) {
  struct exported exported[kDevicesMax];
  int found = 0, count = usbip_list(exported);
  (void)context;
  *out = calloc(kDevicesMax + 1, sizeof **out);
  if (*out == NULL) return kErrorNoMem;
  for (int i = 0; i < count; i++) {
    device *one = calloc(1, sizeof *one);
    if (one == NULL) break;
    memcpy(one->record, exported[i].record, sizeof one->record);
    one->references = 1;
    if (usbip_import(one) == kSuccess) (*out)[found++] = one;
    else free(one);
  }
  return found;
}

static int parse_config(struct parsed_config *parsed, int count) {
  struct interface_descriptor *current = NULL;
  const uint8_t *bytes = parsed->bytes;
  if (count < 9) return kErrorIo;
  memcpy(&parsed->public, bytes, 9);
  parsed->public.interfaces = parsed->interfaces;
  if (parsed->public.interface_count > kInterfacesMax) return kErrorIo;
  for (int at = 9; at + 2 <= count; at += bytes[at]) {
    if (bytes[at] < 2 || at + bytes[at] > count) return kErrorIo;
    if (bytes[at + 1] == 4 && bytes[at] == 9) {
      if (bytes[at + 2] >= kInterfacesMax) return kErrorIo;
      struct interface *face = &parsed->interfaces[bytes[at + 2]];
      if (face->alternate_count >= kAlternatesMax) return kErrorIo;
      face->alternates = parsed->alternates[bytes[at + 2]];
      current = &parsed->alternates[bytes[at + 2]][face->alternate_count++];
      memcpy(current->fields, bytes + at, 9);
    } else if (current != NULL && bytes[at + 1] != 5) {
      if (current->extra == NULL) current->extra = bytes + at;
      current->extra_bytes += bytes[at];
    }
  }
  return kSuccess;
}

int libusb_get_config_descriptor(device *one, uint8_t index, struct config_descriptor **out) {
  if (index != 0) return kErrorNotFound;
  struct parsed_config *parsed = calloc(1, sizeof *parsed);
  if (parsed == NULL) return kErrorNoMem;
  int count = libusb_control_transfer(one, 0x80, 6, 2 << 8, 0, parsed->bytes, sizeof parsed->bytes, 5000);
  int error = count < 0 ? count : parse_config(parsed, count);
  if (error != kSuccess) free(parsed);
  else *out = &parsed->public;
  return error;
}

void libusb_free_config_descriptor(struct config_descriptor *config) { free(config); }

int libusb_get_device_descriptor(device *one, struct device_descriptor *out) {
  *out = one->descriptor;
  return kSuccess;
}

int libusb_set_interface_alt_setting(device *one, int interface_number, int alternate) {
  int result = libusb_control_transfer(one, 0x01, 11, (uint16_t)alternate, (uint16_t)interface_number, NULL, 0, 1000);
  return result < 0 ? result : kSuccess;
}

uint8_t libusb_get_bus_number(device *one) { return usbip_bus_number(one); }
uint8_t libusb_get_device_address(device *one) { return usbip_device_number(one); }

/* The bus id is `bus-port`. */
int libusb_get_port_numbers(device *one, uint8_t *ports, int count) {
  const char *dash = strchr((const char *)one->record + kBusIdOffset, '-');
  if (count < 1 || dash == NULL) return kErrorNotFound;
  ports[0] = (uint8_t)atoi(dash + 1);
  return 1;
}

device *libusb_ref_device(device *one) {
  one->references++;
  return one;
}

void libusb_unref_device(device *one) {
  if (--one->references > 0) return;
  usbip_leave(one);
  free(one);
}

int libusb_open(device *one, device **handle) {
  *handle = libusb_ref_device(one);
  return kSuccess;
}

void libusb_close(device *handle) { libusb_unref_device(handle); }

/* A transport without a bus to reset: a device that is still there stays. */
int libusb_reset_device(device *one) { return one->socket < 0 ? kErrorNotFound : kSuccess; }

int libusb_claim_interface(device *one, int number) { return (void)number, one->socket < 0 ? kErrorNoDevice : 0; }
int libusb_release_interface(device *one, int number) { return (void)number, one->socket < 0 ? kErrorNoDevice : 0; }

int libusb_init(void **context) {
  static int only;
  prctl(PR_SET_TIMERSLACK, 1UL); /* poll times are waited for as they are announced, not up to 50 us longer */
  if (context != NULL) *context = &only;
  return kSuccess;
}
void libusb_exit(void *context) { (void)context; }
int libusb_set_option(void *context, int option, ...) { return (void)context, (void)option, kSuccess; }

const void *libusb_get_version(void) {
  static const struct {
    uint16_t major, minor, micro, nano;
    const char *rc, *describe;
  } version = {1, 0, 26, 0, "", "over USB/IP"};
  return &version;
}

const char *libusb_error_name(int error) {
  switch (error) {
    case kSuccess: return "LIBUSB_SUCCESS";
    case kErrorIo: return "LIBUSB_ERROR_IO";
    case kErrorNoDevice: return "LIBUSB_ERROR_NO_DEVICE";
    case kErrorNotFound: return "LIBUSB_ERROR_NOT_FOUND";
    case kErrorTimeout: return "LIBUSB_ERROR_TIMEOUT";
    case kErrorPipe: return "LIBUSB_ERROR_PIPE";
    case kErrorNoMem: return "LIBUSB_ERROR_NO_MEM";
    default: return "LIBUSB_ERROR_OTHER";
  }
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
  if (getenv("USBIP_SHIM_NO_SLEEP") != NULL) return 0;
  int error = clock_nanosleep(CLOCK_REALTIME, 0, wanted, left);
  if (error == 0) return 0;
  errno = error;
  return -1;
}
