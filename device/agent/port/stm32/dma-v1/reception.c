/*
 * Received bytes by DMA into a ring: RM0090 10.3.9 to 10.3.11 (circular and double-buffer mode),
 * 10.5 (registers); RM0383 and RM0390 have the same controllers. The ring is two halves, since a
 * stream counts to 65,535. Nothing stops a host that sends more than its window: the bytes that it
 * wrote over spoil a frame's CRC.
 */
#include "fs_reception.h"

#include "fs_chip_control.h"
#include "fs_frame.h"
#include "fs_stm32.h"
#include "fs_usart.h"

#define HALF 0xC000u
#define RING (2u * HALF)
/* Longest frame on the wire: a code for each 254 bytes of content, and the zero that ends it. */
#define FRAME_MOST (FS_CONTENT_MAX + FS_CONTENT_MAX / 254u + 2u)
FS_STATIC_ASSERT(FS_WINDOW * FRAME_MOST < RING);

#define DMA1 0x40026000u
#define BETWEEN_CONTROLLERS 0x400u
#define RCC_AHB1RSTR FS_REGISTER(FS_RCC + 0x10u)
#define AHB1_DMA (3u << 21) /* both */

#define CR FS_REGISTER(stream + 0x00u)
#define NDTR FS_REGISTER(stream + 0x04u)
#define PAR FS_REGISTER(stream + 0x08u)
#define M0AR FS_REGISTER(stream + 0x0Cu)
#define M1AR FS_REGISTER(stream + 0x10u)
#define CR_ON (1u << 0)
#define CR_CIRCULAR (1u << 8)
#define CR_INCREMENTS (1u << 10)
#define CR_DOUBLE (1u << 18)
#define CR_SECOND_HALF (1u << 19)
#define CR_CHANNEL_AT 25
#define USART_CR3 0x14u
#define CR3_DMA_RECEIVES (1u << 6)

/* By number of the UART, from 1 on: controller, stream, channel (RM0090 10.3.3, request mapping). */
#define X(controller, number, channel) (((controller) - 1u) << 6 | (number) << 3 | (channel))
static const uint8_t requests[8] = {X(2, 2, 4), X(1, 5, 4), X(1, 1, 4), X(1, 2, 4),
                                    X(1, 0, 4), X(2, 1, 5), X(1, 3, 5), X(1, 6, 5)};
#undef X

static uint8_t ring[RING] __attribute__((section(".ring")));
static uint32_t stream; /* 0: not opened */
static uint32_t served; /* bytes of the ring up to there */

void fs_reception_open(const fs_uart *uart) {
  uint32_t request = requests[uart->number - 1u]; /* numbers are those of the table: 1 to 8 */
  FS_REGISTER(uart->address + USART_CR3) = CR3_DMA_RECEIVES;
  if (stream != 0) return;
  stream = DMA1 + (request >> 6) * BETWEEN_CONTROLLERS + 0x10u + 0x18u * (request >> 3 & 7u);
  FS_RCC_AHB1ENR |= AHB1_DMA;
  (void)FS_RCC_AHB1ENR; /* the clock takes two periods (RM0090 6.2.14) */
  NDTR = HALF;
  PAR = uart->address + FS_USART_RECEIVE;
  M0AR = (uint32_t)ring;
  M1AR = (uint32_t)ring + HALF;
  CR = (request & 7u) << CR_CHANNEL_AT | CR_DOUBLE | CR_INCREMENTS | CR_CIRCULAR | CR_ON;
}

void fs_reception_close(void) {
  RCC_AHB1RSTR = AHB1_DMA;
  RCC_AHB1RSTR = 0;
}

/* Where the DMA writes next. A half that ends between the two reads is seen. */
static uint32_t written(void) {
  uint32_t control;
  uint32_t left;
  do {
    control = CR;
    left = NDTR;
  } while (((control ^ CR) & CR_SECOND_HALF) != 0);
  return (control & CR_SECOND_HALF ? RING : HALF) - left;
}

fs_answer fs_reception_serve(void) {
  uint32_t from = served;
  uint32_t end;
  (void)fs_link_poll(); /* errors, and the rate */
  end = written();
  if (end == from) return FS_NO;
  if (end < from) end = RING;
  served = end < RING ? end : 0;
  fs_agent_receive(ring + from, end - from);
  return FS_YES;
}
