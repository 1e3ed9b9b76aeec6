/* See fs_adopter.h. Runs from RAM, with interrupts off. */
#include "fs_adopter.h"

#include "fs_chip.h"
#include "fs_chip_control.h"
#include "fs_cortex.h"
#include "fs_flash.h"
#include "fs_pending.h"
#include "fs_port.h"

#define PIECE 256u

extern uint8_t fs_image_start[], fs_plan_start[];
void fs_start(void);
void fs_adopter_main(uint32_t image) __attribute__((noreturn, used));

/* Bytes that shall stand in flash: `head` first, then what lies there already. */
typedef struct {
  const uint8_t *head;
  uint32_t head_length;
  const uint8_t *rest; /* of the same origin: the byte at `head_length` follows the head */
  uint32_t length;
} source;

static uint8_t table[FS_TABLE_BYTES];

void fs_pending_tell(uint32_t milliseconds) { (void)milliseconds; }

/* Nothing is left to do, or nothing that can be done. A watchdog of the owner's goes on to bite, so that a
 * bootloader which counts starts can take back what it started. */
static void stop(void) __attribute__((noreturn));
static void stop(void) {
  for (;;) __asm__ volatile("wfi" ::: "memory");
}

static const uint8_t *piece_of(const source *bytes, uint32_t at) {
  return at < bytes->head_length ? bytes->head + at : bytes->rest + at;
}

/* Of a piece that begins there: within head or rest, within the source. */
static uint32_t piece_length(const source *bytes, uint32_t at) {
  uint32_t end = at < bytes->head_length ? bytes->head_length : bytes->length;
  return end - at < PIECE ? end - at : PIECE;
}

static fs_answer holds(uint32_t address, uint32_t length, const source *bytes) {
  uint32_t at;
  for (at = 0; at < bytes->length; at += piece_length(bytes, at)) {
    fs_watchdog_feed();
    if (fs_flash_holds(address + at, piece_of(bytes, at), piece_length(bytes, at)) != FS_YES) return FS_NO;
  }
  return fs_flash_blank(address + bytes->length, length - bytes->length);
}

static fs_result write(uint32_t address, const source *bytes) {
  uint32_t at;
  for (at = 0; at < bytes->length; at += piece_length(bytes, at)) {
    const uint8_t *piece = piece_of(bytes, at);
    uint32_t length = piece_length(bytes, at);
    /* Erased words stay as they are: programmed with ones, an H7 would not take them again. */
    if (fs_all(piece, length, 0xFFu) == FS_YES) continue;
    FS_TRY(fs_flash_write(address + at, piece, length));
  }
  return FS_OK;
}

/* All or nothing in one power cycle: what was begun is erased again. */
static fs_result fill(uint32_t address, uint32_t length, const source *bytes) {
  uint32_t at = address;
  FS_REQUIRE(bytes->length <= length, FS_ERR_INTERNAL_CHECK_FAILED);
  if (holds(address, length, bytes) == FS_YES) return FS_OK;
  while (at < address + length) {
    fs_erase_unit unit;
    FS_TRY(fs_flash_unit_of(at, &unit));
    FS_REQUIRE(unit.start == at && unit.end <= address + length, FS_ERR_INTERNAL_CHECK_FAILED);
    FS_TRY(fs_flash_erase(&unit));
    at = unit.end;
  }
  FS_TRY(write(address, bytes));
  FS_REQUIRE(holds(address, length, bytes) == FS_YES, FS_ERR_FLASH_VERIFY_FAILED);
  return FS_OK;
}

/* The image as it would stand at `address`: its table says where it starts. */
static void make_table(const uint8_t *image, uint32_t address) {
  uint32_t start = address + ((uint32_t)&fs_start - (uint32_t)fs_image_start);
  uint32_t at;
  memcpy(table, image, 4);
  for (at = 4; at < FS_TABLE_BYTES; at += 4) fs_put_u32le(table + at, start);
}

/* All rows of one write. Those after the first are looked at again as steps of their own, and hold then. */
static fs_result set_option(const fs_step *step, uint32_t left) {
  uint32_t ids[FS_OPTION_REGISTER_COUNT];
  uint32_t values[FS_OPTION_REGISTER_COUNT];
  uint32_t changes = 0;
  uint32_t i;
  FS_REQUIRE(step->d < left && step->d < FS_OPTION_REGISTER_COUNT, FS_ERR_INTERNAL_CHECK_FAILED);
  for (i = 0; i <= step->d; i++) {
    uint32_t value;
    FS_TRY(fs_port_option_read(step[i].a, &value));
    ids[i] = step[i].a;
    values[i] = (value & ~step[i].b) | step[i].c;
    if (values[i] != value) changes++;
  }
  if (changes == 0) return FS_OK;
  fs_watchdog_feed();
  FS_TRY(fs_port_option_program(ids, values, step->d + 1u));
  fs_system_reset();
}

/* `left`: rows from this one on. */
static fs_result take(const fs_step *step, uint32_t left, const uint8_t *image, const fs_plan *plan) {
  source bytes = {table, 0, (const uint8_t *)plan + step->c, step->d};
  switch (step->kind) {
    case FS_ADOPT_REQUIRE:
      FS_REQUIRE((FS_REGISTER(step->a) & step->b) == step->c, FS_ERR_INTERNAL_CHECK_FAILED);
      return FS_OK;
    case FS_ADOPT_UNITS:
      FS_REQUIRE(step->c <= plan->length && step->d <= plan->length - step->c, FS_ERR_INTERNAL_CHECK_FAILED);
      return fill(step->a, step->b, &bytes);
    case FS_ADOPT_IMAGE:
      make_table(image, step->c);
      bytes.head_length = FS_TABLE_BYTES;
      bytes.rest = image;
      bytes.length = (uint32_t)((const uint8_t *)plan - image) + plan->length;
      return fill(step->a, step->b, &bytes);
    case FS_ADOPT_OPTION:
      return set_option(step, left);
    default:
      return FS_ERR_INTERNAL_CHECK_FAILED;
  }
}

static fs_answer is_due(const fs_step *step) {
  uint32_t value;
  if (step->when_mask == 0) return FS_YES;
  if (fs_port_option_read(step->when_register, &value) != FS_OK) return FS_NO;
  return (value & step->when_mask) == step->when_value ? FS_YES : FS_NO;
}

/* The plan is as it was made, for this chip. */
static fs_answer is_whole(const fs_plan *plan) {
  const uint32_t crc_from = (uint32_t)offsetof(fs_plan, zero);
  if (plan->magic != FS_PLAN_MAGIC || plan->version != FS_PLAN_VERSION || plan->chip != FS_CHIP_NUMBER) return FS_NO;
  if (plan->length < sizeof *plan || plan->length > FS_FLASH_SIZE_BYTES) return FS_NO;
  /* length is at least a head, and steps are counted within it */
  if (plan->steps > (plan->length - sizeof *plan) / sizeof(fs_step)) return FS_NO;
  return fs_crc32((const uint8_t *)plan + crc_from, plan->length - crc_from) == plan->crc ? FS_YES : FS_NO;
}

/* `image`: where it stands in flash, as it was started. */
void fs_adopter_main(uint32_t started) {
  const uint8_t *image = (const uint8_t *)fs_adopter_place(started);
  const fs_plan *plan = (const fs_plan *)(const void *)(image + (fs_plan_start - fs_image_start));
  const fs_step *steps = (const fs_step *)(plan + 1);
  uint32_t i;
  fs_watchdog_start(); /* an owner's watchdog gets 16 s, longer than any erase or write of option bytes */
  if (is_whole(plan) != FS_YES) stop();
  for (i = 0; i < plan->steps; i++)
    if (is_due(&steps[i]) == FS_YES && take(&steps[i], plan->steps - i, image, plan) != FS_OK) stop();
  stop();
}
