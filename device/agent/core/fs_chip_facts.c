/* See fs_chip_facts.h. */
#include "fs_chip_facts.h"

#define X(bank, ordinal, code, address, bytes, register_id, bit) {address, bytes},
const fs_range fs_erase_units[FS_ERASE_UNIT_COUNT] = {FS_ERASE_UNITS(X)};
#undef X

#define X(store, bytes, link, swap) {store, bytes},
const fs_range fs_app_slots[FS_APP_SLOT_COUNT] = {FS_APP_SLOTS(X)};
#undef X

#define X(register_id, read, program, bits, neutral, clear_only, set_only) \
  {register_id, bits, neutral, clear_only, set_only},
const fs_option_register fs_option_registers[FS_OPTION_REGISTER_COUNT] = {FS_OPTION_REGISTERS(X)};
#undef X
