/* See fs_chip_facts.h. */
#include "fs_chip_facts.h"

#define X(bank, code, address, count, bytes, register_id, bit) {address, count, bytes},
const fs_erase_run fs_erase_runs[FS_ERASE_RUN_COUNT] = {FS_ERASE_RUNS(X)};
#undef X

#define X(store, bytes, link, swap) {store, bytes},
const fs_range fs_app_slots[FS_APP_SLOT_COUNT] = {FS_APP_SLOTS(X)};
#undef X

#define X(register_id, read, program, bits, neutral, clear_only, set_only) \
  {register_id, bits, neutral, clear_only, set_only},
const fs_option_register fs_option_registers[FS_OPTION_REGISTER_COUNT] = {FS_OPTION_REGISTERS(X)};
#undef X

#if FS_UART_COUNT > 0
#define X(number, address, clock_register, clock_bit, clock_hz) \
  {address, clock_register, clock_hz, (uint8_t)(number), (uint8_t)(clock_bit)},
const fs_uart fs_uarts[FS_UART_COUNT] = {FS_UARTS(X)};
#undef X
#endif
