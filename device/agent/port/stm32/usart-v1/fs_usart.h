/* USART of the F4 family: one status register, one data register (RM0090 30.6). */
#ifndef FS_USART_H
#define FS_USART_H

#define FS_USART_STATUS 0x00u
#define FS_USART_RECEIVE 0x04u
#define FS_USART_SEND 0x04u
#define FS_USART_BRR 0x08u
#define FS_USART_CR1 0x0Cu
#define FS_USART_CR1_ON (1u << 13 | 1u << 3 | 1u << 2) /* UE, TE, RE */
#define FS_USART_FRAMING (1u << 1)
#define FS_USART_ERRORS 0x0Fu /* PE, FE, NF, ORE */
#define FS_USART_RECEIVED (1u << 5)
#define FS_USART_SENT (1u << 6)
#define FS_USART_ROOM (1u << 7)

/* Reading status and then data has cleared them. */
static inline void fs_usart_clear_errors(uint32_t usart, uint32_t status) {
  (void)usart;
  (void)status;
}

#endif
