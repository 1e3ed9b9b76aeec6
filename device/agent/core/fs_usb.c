/* See fs_usb.h. Standard requests of USB 2.0 section 9.4; the rest goes to fs_dfu and fs_usb_descriptors. */
#include "fs_usb.h"

#include "fs_dfu.h"
#include "fs_usb_descriptors.h"

enum {
  GET_STATUS = 0,
  CLEAR_FEATURE = 1,
  GET_DESCRIPTOR = 6,
  GET_CONFIGURATION = 8,
  SET_CONFIGURATION = 9,
  GET_INTERFACE = 10,
  SET_INTERFACE = 11
};

static uint8_t chosen; /* configuration */
static uint8_t small[8];

static fs_answer give(const uint8_t *bytes, uint32_t length, fs_view *answer) {
  answer->data = bytes;
  answer->length = length;
  return FS_YES;
}

static fs_answer give_byte(uint32_t value, fs_view *answer) {
  small[0] = (uint8_t)value;
  return give(small, 1, answer);
}

static fs_answer standard_in(const fs_usb_setup *setup, fs_view *answer) {
  switch (setup->request) {
    case GET_STATUS:
      small[0] = setup->type == FS_USB_IN; /* self-powered */
      small[1] = 0;
      return give(small, 2, answer);
    case GET_DESCRIPTOR:
      if (setup->type == FS_USB_IN)
        return fs_usb_descriptor((uint8_t)(setup->value >> 8), (uint8_t)setup->value, answer);
      if (setup->type != (FS_USB_IN | FS_USB_TO_INTERFACE) || setup->value >> 8 != 0x21) return FS_NO;
      *answer = fs_usb_functional(fs_dfu_alternate());
      return FS_YES;
    case GET_CONFIGURATION: return give_byte(chosen, answer);
    case GET_INTERFACE: return setup->index == 0 ? give_byte(fs_dfu_alternate(), answer) : FS_NO;
    default: return FS_NO;
  }
}

static fs_answer standard_out(const fs_usb_setup *setup) {
  switch (setup->request) {
    case CLEAR_FEATURE: return FS_YES;
    case SET_CONFIGURATION:
      if (setup->value > 1) return FS_NO;
      chosen = (uint8_t)setup->value;
      fs_dfu_select(FS_USB_ALTERNATE_PACKAGE);
      return FS_YES;
    case SET_INTERFACE:
      if (setup->index != 0 || setup->value >= FS_USB_ALTERNATE_COUNT) return FS_NO;
      fs_dfu_select(setup->value);
      return FS_YES;
    default: return FS_NO;
  }
}

static fs_answer vendor(const fs_usb_setup *setup, fs_view *answer) {
  if ((setup->type & FS_USB_IN) == 0) return FS_NO;
  if (setup->request != FS_USB_VENDOR_FAULT) return fs_usb_platform(setup, answer);
  fs_put_u32le(small, fs_dfu_fault());
  fs_put_u32le(small + 4, fs_dfu_fault_detail());
  return give(small, sizeof small, answer);
}

static fs_answer dispatch(const fs_usb_setup *setup, fs_view data, fs_view *answer) {
  switch (setup->type & FS_USB_KIND_MASK) {
    case FS_USB_KIND_STANDARD: return setup->type & FS_USB_IN ? standard_in(setup, answer) : standard_out(setup);
    case FS_USB_KIND_CLASS: return fs_dfu_request(setup, data, answer);
    case FS_USB_KIND_VENDOR: return vendor(setup, answer);
    default: return FS_NO;
  }
}

fs_answer fs_usb_control(const uint8_t bytes[FS_USB_SETUP_SIZE], fs_view data, fs_view *answer) {
  fs_usb_setup setup;
  setup.type = bytes[0];
  setup.request = bytes[1];
  setup.value = (uint16_t)(bytes[2] | bytes[3] << 8);
  setup.index = (uint16_t)(bytes[4] | bytes[5] << 8);
  setup.length = (uint16_t)(bytes[6] | bytes[7] << 8);
  answer->data = small;
  answer->length = 0;
  if ((setup.type & FS_USB_IN) == 0 && data.length != setup.length) return FS_NO;
  if (dispatch(&setup, data, answer) != FS_YES) return FS_NO;
  if (answer->length > setup.length) answer->length = setup.length;
  return FS_YES;
}

void fs_usb_after(void) { fs_dfu_after(); }

void fs_usb_reset(void) {
  chosen = 0;
  fs_dfu_select(FS_USB_ALTERNATE_PACKAGE);
}

void fs_usb_suspend(void) { fs_dfu_select(fs_dfu_alternate()); }
