/* The anchor's WebAssembly port: as ../wasm/port.c, for what the anchor asks for. */
#include "fs_anchor.h"

#define IMPORT(name) __attribute__((import_module("fs"), import_name(name)))

IMPORT("boot_agent") void host_boot_agent(uint32_t vectors);

static uint8_t received[1024];

__attribute__((export_name("fs_receive_buffer"))) uint8_t *receive_buffer(void) { return received; }
__attribute__((export_name("fs_receive_capacity"))) uint32_t receive_capacity(void) { return sizeof received; }
__attribute__((export_name("fs_boot"))) void boot(void) { fs_anchor_boot(); }
__attribute__((export_name("fs_receive"))) void receive(uint32_t length) { (void)length; }

void fs_port_boot_agent(uint32_t vectors) {
  host_boot_agent(vectors);
  __builtin_trap();
}
