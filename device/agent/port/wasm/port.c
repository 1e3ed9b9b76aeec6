/* What the host calls of the agent: bytes of the link, USB. */
#include "fs_agent.h"

static uint8_t received[1024];

__attribute__((export_name("fs_receive_buffer"))) uint8_t *receive_buffer(void) { return received; }
__attribute__((export_name("fs_receive_capacity"))) uint32_t receive_capacity(void) { return sizeof received; }
__attribute__((export_name("fs_boot"))) void boot(void) { fs_agent_boot(); }
__attribute__((export_name("fs_receive"))) void receive(uint32_t length) {
  if (length <= sizeof received) fs_agent_receive(received, length);
}

/* USB: the setup packet in its buffer, the data stage in the receive buffer; length of the
 * answer, or all ones: STALL. */
#define STALL 0xffffffffu
static uint8_t setup[FS_USB_SETUP_SIZE];
static fs_view usb_answer;
FS_STATIC_ASSERT(sizeof received >= FS_USB_TRANSFER_MAX);

__attribute__((export_name("fs_usb_setup_buffer"))) uint8_t *usb_setup_buffer(void) { return setup; }
__attribute__((export_name("fs_usb_answer"))) const uint8_t *usb_answer_bytes(void) { return usb_answer.data; }
__attribute__((export_name("fs_usb_control"))) uint32_t usb_control(uint32_t length) {
  fs_view data;
  data.data = received;
  data.length = length;
  if (length > sizeof received || fs_agent_usb_control(setup, data, &usb_answer) != FS_YES) return STALL;
  return usb_answer.length;
}
__attribute__((export_name("fs_usb_after"))) void usb_after(void) { fs_agent_usb_after(); }
