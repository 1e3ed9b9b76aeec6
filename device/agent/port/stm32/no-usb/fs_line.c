/* Stands for core/fs_line.c in a port without USB: no host fetches its answers, and none of them waits. */
#include "fs_line.h"

#include "fs_port.h"

void fs_line_fetched_by_host(fs_answer is_fetched) { (void)is_fetched; }

fs_answer fs_line_is_fetched(void) { return FS_NO; }

void fs_line_put(const uint8_t *bytes, uint32_t length) { fs_port_link_send(bytes, length); }
