/* The few registers that the panel uses. Addresses and bits after RM0090 (STM32F405/415,
 * F407/417, F427/437, F429/439) and, for the core, the Armv7-M Architecture Reference Manual (DDI
 * 0403). No vendor header is needed. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* RCC, base 0x40023800 (RM0090 2.3, table 1) */
#define RCC_AHB1ENR REGISTER(0x40023830u) /* RM0090 6.3.10 */
#define RCC_AHB1ENR_GPIOAEN (1u << 0)
#define RCC_APB2ENR REGISTER(0x40023844u) /* RM0090 6.3.14 */
#define RCC_APB2ENR_USART1EN (1u << 4)

/* GPIOA, base 0x40020000 */
#define GPIOA_MODER REGISTER(0x40020000u) /* RM0090 8.4.1: two bits a pin, 2 = alternate function */
#define GPIOA_AFRH REGISTER(0x40020024u)  /* RM0090 8.4.10: four bits a pin from pin 8, 7 = USART1 */

/* USART1, base 0x40011000 */
#define USART1_SR REGISTER(0x40011000u) /* RM0090 30.6.1 */
#define USART_SR_RXNE (1u << 5)
#define USART_SR_TC (1u << 6)
#define USART_SR_TXE (1u << 7)
#define USART1_DR REGISTER(0x40011004u)  /* RM0090 30.6.2 */
#define USART1_BRR REGISTER(0x40011008u) /* RM0090 30.6.3: clock divided by the baud rate, for 16 samples a bit */
#define USART1_CR1 REGISTER(0x4001100cu) /* RM0090 30.6.4 */
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_UE (1u << 13)

/* Core */
#define SCB_VTOR REGISTER(0xe000ed08u) /* DDI 0403 B3.2.5: where the vector table stands */

/* The clock after reset: the internal 16 MHz oscillator (RM0090 6.2.2), all buses undivided. */
#define CLOCK_HZ 16000000u

#endif
