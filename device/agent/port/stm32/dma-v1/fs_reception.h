/* Reception by the DMA of the F4 parts: bytes go on coming while the core works, or
 * stands still for its flash. */
#ifndef FS_RECEPTION_H
#define FS_RECEPTION_H

#include "fs_agent.h"
#include "fs_chip_facts.h"

/* A byte is the DMA's: the core looks for errors alone. */
#define FS_RECEPTION_SIGNS FS_USART_ERRORS

#define FS_RECEPTION_OPEN(uart) fs_reception_open(uart)
#define FS_RECEPTION_CLOSE() fs_reception_close()

/* Has the DMA take what the UART receives. Does nothing when it does already. */
void fs_reception_open(const fs_uart *uart);
/* Puts the DMA back as after a reset; its clock is fs_chip_stop's. */
void fs_reception_close(void);

/* Serves bytes that came; FS_NO when none did. */
fs_answer fs_reception_serve(void);

#endif
