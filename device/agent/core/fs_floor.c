/* See fs_floor.h. A cell is 16 bytes: magic, kind and version; value, little-endian; 8 bytes of a MAC. An
 * entry with a root has a second cell, which is written first. */
#include "fs_floor.h"

#include "fs_chip_facts.h"
#include "fs_flash.h"
#include "fs_floor_cell.h"
#include "fs_identity.h"
#include "fs_journal.h"
#include "fs_port.h"

uint32_t fs_floor_room(void) { return FS_FLOOR_CELL_COUNT; }

void fs_floor_name_root(const uint8_t point[FS_POINT_SIZE - 1u], uint8_t name[FS_FLOOR_ROOT_SIZE]) {
  static const uint8_t uncompressed = 4;
  uint8_t hash[FS_HASH_SIZE];
  fs_sha256 context;
  fs_crypto_sha256_init(&context);
  fs_crypto_sha256_update(&context, &uncompressed, 1);
  fs_crypto_sha256_update(&context, point, FS_POINT_SIZE - 1u);
  fs_crypto_sha256_final(&context, hash);
  memcpy(name, hash, FS_FLOOR_ROOT_SIZE);
}

#if FS_OTP_LENGTH > 0

static void rise(uint32_t *floor, uint32_t value) {
  if (value > *floor) *floor = value;
}

static fs_answer is_own(const fs_floor_cell *read, const uint8_t *root) {
  fs_hmac keyed;
  fs_identity_hmac_init(&keyed);
  return fs_floor_cell_is_own(read, &keyed, root);
}

static void take_root(const fs_floor_cell *read, uint32_t index, fs_floors *floors) {
  uint8_t root[FS_FLOOR_ROOT_SIZE];
  if (index + 1u >= FS_FLOOR_CELL_COUNT || fs_flash_read(fs_floor_cell_address(index + 1u), root, sizeof root) != FS_OK) return;
  if (is_own(read, root) != FS_YES) return;
  if (floors->has_root == FS_YES && read->value < floors->root_epoch) return;
  floors->has_root = FS_YES;
  floors->root_epoch = read->value;
  memcpy(floors->root, root, sizeof root);
  rise(&floors->epoch, read->value);
}

static void take(const fs_floor_cell *read, uint32_t index, fs_floors *floors) {
  if (read->head == FS_FLOOR_HEAD(FS_FLOOR_ROOT)) {
    take_root(read, index, floors);
    return;
  }
  if (is_own(read, 0) != FS_YES) return;
  if (read->head == FS_FLOOR_HEAD(FS_FLOOR_COUNTER)) rise(&floors->security_counter, read->value);
  if (read->head == FS_FLOOR_HEAD(FS_FLOOR_AGENT_COUNTER)) rise(&floors->agent_counter, read->value);
  if (read->head == FS_FLOOR_HEAD(FS_FLOOR_EPOCH)) rise(&floors->epoch, read->value);
  if (read->head == FS_FLOOR_HEAD(FS_FLOOR_RECOVERIES)) rise(&floors->recoveries, read->value);
}

void fs_floor_read(fs_floors *floors) {
  uint32_t index;
  fs_floor_cell read;
  memset(floors, 0, sizeof *floors);
  floors->has_root = FS_NO;
  for (index = 0; index < FS_FLOOR_CELL_COUNT; index++) {
    fs_result result = fs_flash_read(fs_floor_cell_address(index), (uint8_t *)&read, FS_FLOOR_CELL_SIZE);
    if (result == FS_OK && fs_all((const uint8_t *)&read, FS_FLOOR_CELL_SIZE, 0xff) == FS_YES) continue;
    floors->used = index + 1u;
    if (result == FS_OK) take(&read, index, floors);
  }
}

/* FS_YES when the cell holds the bytes now. A cell that does not take them is passed by. */
static fs_answer write_cell(uint32_t index, const uint8_t *bytes) {
  if (fs_flash_blank(fs_floor_cell_address(index), FS_FLOOR_CELL_SIZE) != FS_YES) return FS_NO;
  if (fs_port_flash_program(fs_floor_cell_address(index), bytes, FS_FLOOR_CELL_SIZE) != FS_OK) return FS_NO;
  return fs_flash_holds(fs_floor_cell_address(index), bytes, FS_FLOOR_CELL_SIZE);
}

/* `root`: null, or of the entry's second cell. Cells that somebody locked or wrote are passed by. */
static void append(fs_floors *floors, uint32_t kind, uint32_t value, const uint8_t *root) {
  uint32_t behind = root ? 1u : 0u;
  fs_floor_cell made;
  fs_hmac keyed;
  fs_identity_hmac_init(&keyed);
  made.head = FS_FLOOR_HEAD(kind);
  made.value = value;
  fs_floor_cell_mac(&made, &keyed, root, made.mac);
  while (floors->used + behind < FS_FLOOR_CELL_COUNT) {
    uint32_t index = floors->used;
    floors->used += 1u + behind; /* the loop ends */
    if (root && write_cell(index + 1u, root) != FS_YES) continue;
    if (write_cell(index, (const uint8_t *)&made) == FS_YES) return;
  }
}

fs_result __attribute__((noinline)) fs_floor_check(void) {
  fs_floors floors;
  fs_floor_read(&floors);
  /* Defence floor-below */
  FS_DEMAND(fs_now.security_counter >= floors.security_counter && fs_now.epoch >= floors.epoch &&
                fs_now.recoveries >= floors.recoveries,
            FS_ERR_JOURNAL_FAILED);
  return FS_OK;
}

void fs_floor_raise(void) {
  fs_floors floors;
  uint8_t name[FS_FLOOR_ROOT_SIZE];
  uint8_t first_root[FS_POINT_SIZE - 1u];
  uint32_t first_epoch;
  if (fs_now.life_cycle == FS_LIFE_LOST || fs_identity_beginnings(first_root, &first_epoch) != FS_OK) return;
  fs_floor_read(&floors);
  rise(&floors.epoch, first_epoch); /* the identity says so much */
  fs_floor_name_root(fs_now.root, name);
  if (fs_now.epoch > floors.epoch && fs_equal(first_root, fs_now.root, sizeof first_root) != FS_YES &&
      (floors.has_root != FS_YES || fs_equal(name, floors.root, sizeof name) != FS_YES)) {
    append(&floors, FS_FLOOR_ROOT, fs_now.epoch, name);
    floors.epoch = fs_now.epoch;
  }
  if (fs_now.epoch > floors.epoch) append(&floors, FS_FLOOR_EPOCH, fs_now.epoch, 0);
  if (fs_now.security_counter > floors.security_counter) append(&floors, FS_FLOOR_COUNTER, fs_now.security_counter, 0);
  if (fs_now.update.status == FS_UPDATE_RUNS && fs_now.update.counter > floors.agent_counter)
    append(&floors, FS_FLOOR_AGENT_COUNTER, fs_now.update.counter, 0);
  if (fs_now.recoveries > floors.recoveries) append(&floors, FS_FLOOR_RECOVERIES, fs_now.recoveries, 0);
}

uint32_t fs_floor_left(void) {
  fs_floors floors;
  fs_floor_read(&floors);
  return FS_FLOOR_CELL_COUNT - floors.used;
}

#else

void fs_floor_read(fs_floors *floors) {
  memset(floors, 0, sizeof *floors);
  floors->has_root = FS_NO;
}

fs_result fs_floor_check(void) { return FS_OK; }
void fs_floor_raise(void) {}
uint32_t fs_floor_left(void) { return 0; }

#endif
