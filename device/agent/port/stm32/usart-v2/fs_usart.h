/* USART of the families since F3: RM0433 48.7, RM0444 33.8, RM0456 66.8, all with FIFO; RM0351 40.8, without:
 * fs_registers.h of such a chip says so. */
#ifndef FS_USART_H
#define FS_USART_H

#define FS_USART_CR1 0x00u
#define FS_USART_BRR 0x0Cu
#define FS_USART_STATUS 0x1Cu
#define FS_USART_CLEAR 0x20u
#define FS_USART_RECEIVE 0x24u
#define FS_USART_SEND 0x28u
#ifndef FS_USART_FIFO
#define FS_USART_FIFO (1u << 29) /* FIFOEN */
#endif
#define FS_USART_CR1_ON (FS_USART_FIFO | 1u << 3 | 1u << 2 | 1u << 0) /* TE, RE, UE */
#define FS_USART_FRAMING (1u << 1)
#define FS_USART_ERRORS 0x0Fu /* PE, FE, NE, ORE */
#define FS_USART_RECEIVED (1u << 5)
#define FS_USART_SENT (1u << 6)
#define FS_USART_ROOM (1u << 7)

static inline void fs_usart_clear_errors(uint32_t usart, uint32_t status) {
  FS_REGISTER(usart + FS_USART_CLEAR) = status & FS_USART_ERRORS;
}

#endif
