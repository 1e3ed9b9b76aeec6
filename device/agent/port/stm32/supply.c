/*
 * The supply before flash is erased (spec/agent.md section 8): the programmable voltage detector
 * (PVD) is on for one look, at the highest level that a sound supply of this board never reaches.
 * Registers: the catalogue's supply.monitor.
 */
#include "fs_settings.h"
#include "fs_stm32.h"

/* The comparator settles within microseconds of its start (RM0090 5.2.3); these turns
 * take more at any clock. */
#define SETTLE_TURNS 20000u

#define X(millivolts) millivolts,
static const uint16_t levels[FS_SUPPLY_LEVEL_COUNT] = {FS_SUPPLY_LEVELS(X)};
#undef X

/* Levels whose threshold is low enough, counted from the lowest. A board without
 * settings has what the chip needs. */
static uint32_t count_fitting(void) {
  fs_board settings;
  uint32_t least;
  uint32_t i;
  fs_settings_read(&settings);
  least = settings.least_millivolts != 0 ? settings.least_millivolts : FS_SUPPLY_LEAST_MILLIVOLTS;
  for (i = 0; i < FS_SUPPLY_LEVEL_COUNT && levels[i] + FS_SUPPLY_MARGIN_MILLIVOLTS <= least; i++) continue;
  return i;
}

fs_result fs_port_supply_bears(void) {
  uint32_t fitting = count_fitting();
  uint32_t control;
  uint32_t low;
  if (fitting == 0) return FS_OK; /* the board may run below what the detector can tell */
  fs_power_open();
  control = FS_REGISTER(FS_SUPPLY_CONTROL);
  FS_REGISTER(FS_SUPPLY_CONTROL) = (control & ~FS_SUPPLY_LEVEL(7u)) | FS_SUPPLY_LEVEL(fitting - 1u) | FS_SUPPLY_ENABLE;
  fs_spin(SETTLE_TURNS);
  low = FS_REGISTER(FS_SUPPLY_STATUS) & FS_SUPPLY_LOW;
  FS_REGISTER(FS_SUPPLY_CONTROL) = control;
  return low == 0 ? FS_OK : FS_ERR_SUPPLY_TOO_LOW;
}
