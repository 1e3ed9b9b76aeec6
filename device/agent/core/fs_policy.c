/* See fs_policy.h. */
#include "fs_policy.h"

#include "fs_chip_facts.h"
#include "fs_port.h"

fs_result fs_policy_read(fs_cbor *cursor, fs_requirement *requirements, uint32_t *count) {
  uint32_t i, three;
  FS_TRY(fs_cbor_array(cursor, 0, FS_REQUIREMENT_MAX, count));
  for (i = 0; i < *count; i++) {
    fs_requirement *now = &requirements[i];
    FS_TRY(fs_cbor_array(cursor, 3, 3, &three));
    FS_TRY(fs_cbor_uint(cursor, 0x7fffffffu, &now->register_id));
    FS_TRY(fs_cbor_uint(cursor, 0xffffffffu, &now->mask));
    FS_TRY(fs_cbor_uint(cursor, 0xffffffffu, &now->value));
    FS_REQUIRE(now->mask != 0 && (now->value & ~now->mask) == 0, FS_CBOR_SHAPE);
    FS_REQUIRE(i == 0 || now->register_id > requirements[i - 1u].register_id, FS_CBOR_SHAPE);
  }
  return FS_OK;
}

/* The bits of the register that hold the readout level; 0 for all registers but one. */
static uint32_t readout_bits(uint32_t register_id) { return register_id == FS_RDP_REGISTER ? FS_RDP_MASK : 0; }

static uint32_t level_of(uint32_t register_value) {
  uint32_t field = (register_value & FS_RDP_MASK) >> FS_RDP_SHIFT;
  if (field == FS_RDP_LEVEL_2) return 2;
  return field == FS_RDP_LEVEL_0 ? 0 : 1;
}

fs_result fs_policy_readout_levels(fs_readout_levels *levels) {
  uint32_t value;
  FS_TRY_AS(fs_port_option_read(FS_RDP_REGISTER, &value), FS_ERR_OPTION_BYTES_FAILED);
  levels->read = level_of(value);
  levels->level_key = fs_port_level_key();
  levels->effective = levels->read == 2 && levels->level_key != FS_NO ? 1 : levels->read;
  return FS_OK;
}

static const fs_option_register *find(uint32_t register_id) {
  uint32_t i;
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++)
    if (fs_option_registers[i].id == register_id) return &fs_option_registers[i];
  return 0;
}

fs_result fs_policy_check_fields(const fs_requirement *requirements, uint32_t count) {
  uint32_t i;
  for (i = 0; i < count; i++) {
    const fs_option_register *known = find(requirements[i].register_id);
    uint32_t readout = readout_bits(requirements[i].register_id);
    FS_REQUIRE(known != 0, FS_ERR_POLICY_FIELD_UNKNOWN);
    FS_REQUIRE((requirements[i].mask & ~(known->neutral | known->clear_only | known->set_only | readout)) == 0,
               FS_ERR_POLICY_FIELD_UNKNOWN);
    /* The readout level is one value: all of its bits or none. */
    FS_REQUIRE((requirements[i].mask & readout) == 0 || (requirements[i].mask & readout) == readout,
               FS_ERR_POLICY_FIELD_UNKNOWN);
  }
  FS_REQUIRE(i == count, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_policy_check_final(const fs_requirement *requirements, uint32_t count) {
  uint32_t i;
  for (i = 0; i < count; i++) {
    const fs_option_register *known = find(requirements[i].register_id);
    FS_REQUIRE(known != 0, FS_ERR_POLICY_FIELD_UNKNOWN);
    FS_REQUIRE((requirements[i].mask & ~known->bits) == 0, FS_ERR_POLICY_FIELD_UNKNOWN);
  }
  return FS_OK;
}

/* The register's value once the requirement is met; a readout level that is met already
 * is left as it is written. */
static fs_result wanted(const fs_requirement *requirement, uint32_t *now, uint32_t *then) {
  uint32_t readout = readout_bits(requirement->register_id);
  FS_TRY_AS(fs_port_option_read(requirement->register_id, now), FS_ERR_OPTION_BYTES_FAILED);
  *then = (*now & ~requirement->mask) | requirement->value;
  if ((requirement->mask & readout) != 0 && level_of(*then) == level_of(*now))
    *then = (*then & ~readout) | (*now & readout);
  return FS_OK;
}

fs_result fs_policy_check_strength(const fs_requirement *requirements, uint32_t count) {
  uint32_t i, now, then;
  fs_readout_levels level;
  for (i = 0; i < count; i++) {
    const fs_option_register *known = find(requirements[i].register_id);
    FS_REQUIRE(known != 0, FS_ERR_POLICY_FIELD_UNKNOWN);
    FS_TRY(wanted(&requirements[i], &now, &then));
    FS_DEMAND((then & ~now & known->clear_only) == 0, FS_ERR_POLICY_NOT_STRONGER);
    FS_DEMAND((now & ~then & known->set_only) == 0, FS_ERR_POLICY_NOT_STRONGER);
    if (readout_bits(requirements[i].register_id) != 0)
      FS_DEMAND(level_of(then) >= level_of(now), FS_ERR_POLICY_NOT_STRONGER);
  }
  FS_REQUIRE(i == count, FS_ERR_INTERNAL_CHECK_FAILED);
  /* Before anything is journaled: an erase that is refused later costs the application that stands. */
  /* Defence supply-before-install */
  FS_TRY(fs_port_supply_bears());
  FS_TRY(fs_policy_readout_levels(&level));
  if (level.read == 2) FS_REQUIRE(fs_policy_differs(requirements, count) == FS_NO, FS_ERR_POLICY_LOCKED);
  return FS_OK;
}

fs_answer fs_policy_differs(const fs_requirement *requirements, uint32_t count) {
  uint32_t i, now, then;
  for (i = 0; i < count; i++)
    if (wanted(&requirements[i], &now, &then) != FS_OK || now != then) return FS_YES;
  return i == count ? FS_NO : FS_YES;
}

typedef struct {
  uint32_t count;
  uint32_t ids[FS_REQUIREMENT_MAX];
  uint32_t values[FS_REQUIREMENT_MAX];
} option_plan;

/* One pass: the registers that change, with the readout level left as it is, or raised. */
static fs_result __attribute__((noinline)) make_plan(const fs_requirement *requirements, uint32_t count,
                                                     fs_answer with_readout, option_plan *plan) {
  uint32_t i, now, then;
  memset(plan, 0, sizeof *plan);
  for (i = 0; i < count && i < FS_REQUIREMENT_MAX; i++) {
    uint32_t readout = readout_bits(requirements[i].register_id);
    fs_answer raises;
    FS_TRY(wanted(&requirements[i], &now, &then));
    raises = ((now ^ then) & readout) != 0 ? FS_YES : FS_NO;
    if (with_readout == FS_YES && raises != FS_YES) continue;
    if (with_readout != FS_YES) then = (then & ~readout) | (now & readout);
    if (then == now) continue;
    plan->ids[plan->count] = requirements[i].register_id;
    plan->values[plan->count] = then;
    plan->count++; /* at most i + 1 */
  }
  FS_REQUIRE(i == count, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* One write of all of them. */
static fs_result program_pass(const fs_requirement *requirements, uint32_t count, fs_answer with_readout) {
  option_plan first, second;
  FS_TRY(make_plan(requirements, count, with_readout, &first));
  /* Defence options-second-plan */
  FS_TRY(make_plan(requirements, count, with_readout, &second));
  FS_INSIST(fs_equal((const uint8_t *)&first, (const uint8_t *)&second, sizeof first) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  if (second.count == 0) return FS_OK;
  FS_TRY_AS(fs_port_option_program(second.ids, second.values, second.count), FS_ERR_OPTION_BYTES_FAILED);
  return FS_OK;
}

fs_result fs_policy_program(const fs_requirement *requirements, uint32_t count) {
  FS_TRY(program_pass(requirements, count, FS_NO));
  FS_TRY(program_pass(requirements, count, FS_YES));
  return FS_OK;
}

void fs_policy_write_registers(fs_writer *writer) {
  uint32_t i;
  fs_write_array(writer, FS_OPTION_REGISTER_COUNT);
  for (i = 0; i < FS_OPTION_REGISTER_COUNT; i++) {
    uint32_t value = 0;
    if (fs_port_option_read(fs_option_registers[i].id, &value) != FS_OK) writer->status = FS_ERR_OPTION_BYTES_FAILED;
    fs_write_array(writer, 2);
    fs_write_uint(writer, fs_option_registers[i].id);
    fs_write_uint(writer, value);
  }
}
