/* What the host calls of the anchor, and what the anchor alone asks of it; the rest is ../wasm/host.c. */
#include "fs_anchor.h"
#include "fs_loader.h"

#define IMPORT(name) __attribute__((import_module("fs"), import_name(name)))

IMPORT("boot_agent") void host_boot_agent(uint32_t vectors);

static uint8_t received[1024];

__attribute__((export_name("fs_receive_buffer"))) uint8_t *receive_buffer(void) { return received; }
__attribute__((export_name("fs_receive_capacity"))) uint32_t receive_capacity(void) { return sizeof received; }
__attribute__((export_name("fs_boot"))) void boot(void) { fs_anchor_boot(); }
__attribute__((export_name("fs_receive"))) void receive(uint32_t length) {
  if (length <= sizeof received) fs_loader_receive(received, length);
}

void fs_port_boot_agent(uint32_t vectors) {
  host_boot_agent(FS_FLOW_VECTORS(vectors));
  __builtin_trap();
}
