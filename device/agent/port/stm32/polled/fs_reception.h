/* Reception by looking: a port without DMA. dma-v1 has one with. */
#ifndef FS_RECEPTION_H
#define FS_RECEPTION_H

#include "fs_agent.h"
#include "fs_chip_control.h"

/* Bits of the status for which the data register is read. */
#define FS_RECEPTION_SIGNS (FS_USART_RECEIVED | FS_USART_ERRORS)

#define FS_RECEPTION_OPEN(uart)
#define FS_RECEPTION_CLOSE()

/* Serves the byte that came; FS_NO when none did. */
static inline fs_answer fs_reception_serve(void) {
  int32_t byte = fs_link_poll();
  uint8_t one = (uint8_t)byte;
  if (byte < 0) return FS_NO;
  fs_agent_receive(&one, 1);
  return FS_YES;
}

#endif
