/* See fs_stm32.h: waiting, pins, unique id, reset, and look-ups in the generated tables. */
#include "fs_stm32.h"

fs_result fs_wait_for(uint32_t address, uint32_t mask, uint32_t value) {
  uint32_t turns;
  for (turns = 0; turns < FS_WAIT_TURNS; turns++) {
    if ((FS_REGISTER(address) & mask) == value) return FS_OK;
  }
  return FS_ERR_INTERNAL_CHECK_FAILED;
}

void fs_spin(uint32_t turns) {
  for (; turns > 0; turns--) FS_BARRIER();
}

void fs_pin_alternate(uint32_t gpio, uint32_t pin, uint32_t function) {
  /* MODER +00, PUPDR +0C, AFRL/AFRH +20/+24: the same offsets in every family (RM0090 8.4, RM0433 11.4). */
  uint32_t select = gpio + 0x20u + (pin / 8u) * 4u;
  uint32_t shift = (pin % 8u) * 4u;
  FS_REGISTER(select) = (FS_REGISTER(select) & ~(0xFu << shift)) | function << shift;
  FS_REGISTER(gpio + 0x0Cu) = (FS_REGISTER(gpio + 0x0Cu) & ~(3u << (2 * pin))) | 1u << (2 * pin);
  FS_REGISTER(gpio + 0x00u) = (FS_REGISTER(gpio + 0x00u) & ~(3u << (2 * pin))) | 2u << (2 * pin);
}

#define X(register_id, read, program, bits, neutral, clear_only, set_only) {register_id, read, program, bits},
const fs_option_place fs_option_places[FS_OPTION_REGISTER_COUNT] = {FS_OPTION_REGISTERS(X)};
#undef X

const fs_option_place *fs_find_option(uint32_t register_id) {
  uint32_t i;
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    if (fs_option_places[i].id == register_id) return &fs_option_places[i];
  }
  return 0;
}

fs_result fs_plan_options(const uint32_t *register_ids, const uint32_t *values, uint32_t count, uint32_t *wanted) {
  uint32_t i;
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    wanted[i] = FS_REGISTER(fs_option_places[i].read_address) & fs_option_places[i].bits;
  }
  for (i = 0; i < count; i++) {
    const fs_option_place *place = fs_find_option(register_ids[i]);
    FS_REQUIRE(place != 0, FS_ERR_OPTION_BYTES_FAILED);
    FS_REQUIRE((values[i] & ~place->bits) == 0, FS_ERR_OPTION_BYTES_FAILED);
    wanted[place - fs_option_places] = values[i];
  }
  return FS_OK;
}

fs_result fs_check_options(const uint32_t *wanted) {
  uint32_t i;
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    const fs_option_place *place = &fs_option_places[i];
    FS_REQUIRE((FS_REGISTER(place->program_address) & place->bits) == wanted[i], FS_ERR_OPTION_BYTES_FAILED);
  }
  return FS_OK;
}

fs_result fs_port_option_read(uint32_t register_id, uint32_t *value) {
  const fs_option_place *place = fs_find_option(register_id);
  FS_REQUIRE(place != 0, FS_ERR_OPTION_BYTES_FAILED);
  *value = FS_REGISTER(place->read_address) & place->bits;
  return FS_OK;
}

#define X(address, bit) {address, bit},
/* Ends with address 0. */
static const struct {
  uint32_t address;
  uint32_t bit;
} level_key_locks[] = {FS_LEVEL_KEYS(X){0, 0}};
#undef X

fs_answer fs_port_level_key(void) {
  uint32_t i;
  for (i = 0; level_key_locks[i].address != 0; i++)
    if ((FS_REGISTER(level_key_locks[i].address) >> level_key_locks[i].bit & 1u) != 0) return FS_YES;
  return FS_NO;
}

void fs_port_unique_id(uint8_t *bytes) {
  uint32_t i;
  for (i = 0; i < FS_UNIQUE_ID_LENGTH; i++) bytes[i] = *(const volatile uint8_t *)(FS_UNIQUE_ID_ADDRESS + i);
}

uint32_t *fs_port_status_place(void) { return (uint32_t *)FS_STATUS_START; }

void fs_port_reset(void) { fs_system_reset(); }
