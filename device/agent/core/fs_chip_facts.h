/*
 * The generated facts about the chip (fs_chip.h, from the catalogue) as tables, and the constants that follow
 * from them. Everything chip-specific in the core is here.
 */
#ifndef FS_CHIP_FACTS_H
#define FS_CHIP_FACTS_H

#include <stdint.h>

#include "fs_chip.h"

typedef struct {
  uint32_t start;
  uint32_t length;
} fs_range;

/* Erase units of one size, one after the other. The size is a power of two, and each unit
 * begins at a multiple of it. */
typedef struct {
  uint32_t start;
  uint32_t count;
  uint32_t unit_bytes;
} fs_erase_run;

typedef struct {
  uint32_t id;
  uint32_t bits;       /* that are option bytes */
  uint32_t neutral;    /* bits that a policy may set either way */
  uint32_t clear_only; /* bits whose 0 is the stronger value */
  uint32_t set_only;   /* bits whose 1 is the stronger value */
} fs_option_register;

/* A UART that the port drives. */
typedef struct {
  uint32_t address;
  uint32_t clock_register;
  uint32_t clock_hz;
  uint8_t number; /* in a board block */
  uint8_t clock_bit;
} fs_uart;

#if FS_UART_COUNT > 0
extern const fs_uart fs_uarts[FS_UART_COUNT];
#endif
extern const fs_erase_run fs_erase_runs[FS_ERASE_RUN_COUNT];
extern const fs_range fs_app_slots[FS_APP_SLOT_COUNT];
extern const fs_option_register fs_option_registers[FS_OPTION_REGISTER_COUNT];

#define FS_OPTION_REGISTER_MAX 32u

#if FS_OPTION_REGISTER_COUNT > 32
#error "a hello has room for 32 option registers"
#endif

#endif
