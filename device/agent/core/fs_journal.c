/* See fs_journal.h. */
#include "fs_journal.h"

#include "fs_chip_facts.h"
#include "fs_hmac.h"
#include "fs_identity.h"

#define CONFIRM_MAGIC 0x31435346u  /* "FSC1" */
#define PROGRESS_MAGIC 0x31505346u /* "FSP1" */
#define MARK_SIZE FS_FLASH_GRAIN
#define STATE_SIZE ((uint32_t)sizeof(fs_state))
#define ENTRY_SIZE (STATE_SIZE + MARK_SIZE)
/* Of the first version: what it has is where it is in the present one, and its MAC behind it. */
#define STATE_1_AUTHENTIC ((uint32_t)offsetof(fs_state, recoveries))
#define STATE_1_SIZE (STATE_1_AUTHENTIC + 16u)
/* "FSJ" and a later version. */
#define IS_NEWER(magic) (((magic) & 0xffffffu) == (FS_STATE_MAGIC & 0xffffffu) && (magic) > FS_STATE_MAGIC)
/* A member of a state whose beginning was read as words. */
#define WORD_AT(words, member) (words)[offsetof(fs_state, member) / 4u]

/* Confirmation (value 0) or progress (value: address). */
typedef struct {
  uint32_t magic;
  uint32_t sequence;
  uint32_t value;
  uint32_t zero;
  uint8_t mac[16];
} mark;

FS_STATIC_ASSERT(sizeof(mark) == MARK_SIZE && offsetof(mark, magic) == 0 && offsetof(mark, sequence) == 4);
FS_STATIC_ASSERT(offsetof(mark, value) == 8 && offsetof(mark, zero) == 12 && offsetof(mark, mac) == 16);
FS_STATIC_ASSERT(STATE_SIZE % FS_FLASH_GRAIN == 0 && STATE_1_SIZE % FS_FLASH_GRAIN == 0);
FS_STATIC_ASSERT(FS_JOURNAL_0_LENGTH >= 2 * ENTRY_SIZE && FS_JOURNAL_1_LENGTH >= 2 * ENTRY_SIZE);

static const fs_range halves[2] = {{FS_JOURNAL_0_START, FS_JOURNAL_0_LENGTH}, {FS_JOURNAL_1_START, FS_JOURNAL_1_LENGTH}};

fs_state fs_now;

/* Where the next record goes. */
static uint32_t half;
static uint32_t next;
/* Address of the newest state in flash. */
static uint32_t newest_at;
/* FS_YES when the state of fs_now came from flash: it has a place, and nothing in it may fall. */
static fs_answer standing = FS_NO;
/* FS_NO when the half without the newest state holds nothing. */
static fs_answer older_left;

/* Why the last load found nothing. */
static fs_result fault = FS_ERR_JOURNAL_FAILED;

/* What a walk over one half found. */
typedef struct {
  fs_answer found;
  fs_answer confirmed;
  fs_answer newer; /* a record of a version that is not known stands there */
  fs_answer clean; /* nothing but confirmed states and their marks, then blank flash to the end */
  uint32_t sequence;
  uint32_t offset; /* of the newest intact state */
  uint32_t size;   /* of that state */
  uint32_t end;
  uint32_t progress; /* 0: no mark after the state */
} walk;

static void mac_bytes(const uint8_t *bytes, uint32_t length, uint8_t mac[16]) {
  uint8_t full[FS_HASH_SIZE];
  fs_hmac context;
  fs_identity_hmac_init(&context);
  fs_hmac_update(&context, bytes, length);
  fs_hmac_final(&context, full);
  memcpy(mac, full, 16);
}

/* Length of a state by its magic; 0 for anything else. */
static uint32_t size_of_state(uint32_t magic) {
  if (magic == FS_STATE_MAGIC) return STATE_SIZE;
  return magic == FS_STATE_MAGIC_1 ? STATE_1_SIZE : 0;
}

/* FS_YES when the state at the address is intact. Read in pieces: a whole state would
 * not fit the stack twice. */
static fs_answer state_intact(uint32_t address, uint32_t size) {
  uint8_t piece[MARK_SIZE];
  uint8_t full[FS_HASH_SIZE];
  fs_hmac context;
  fs_answer readable = FS_YES;
  uint32_t done;
  fs_identity_hmac_init(&context);
  for (done = 0; done < size; done += MARK_SIZE) {
    if (fs_flash_read(address + done, piece, MARK_SIZE) != FS_OK) readable = FS_NO;
    fs_hmac_update(&context, piece, done + MARK_SIZE < size ? MARK_SIZE : MARK_SIZE - 16u);
  }
  fs_hmac_final(&context, full);
  if (readable != FS_YES) return FS_NO;
  return fs_equal(full, piece + MARK_SIZE - 16u, 16);
}

static fs_answer mark_intact(const mark *read, uint32_t magic, uint32_t sequence) {
  uint8_t mac[16];
  mac_bytes((const uint8_t *)read, 16, mac);
  if (fs_equal(mac, read->mac, 16) != FS_YES) return FS_NO;
  return read->magic == magic && read->sequence == sequence ? FS_YES : FS_NO;
}

/* Takes the record at the walk's end: FS_YES, or FS_NO when no intact record stands there. */
static fs_answer step(const fs_range *unit, walk *found, const uint8_t first[MARK_SIZE]) {
  const mark *head = (const mark *)(const void *)first;
  uint32_t address = unit->start + found->end;
  uint32_t size = size_of_state(head->magic);
  mark confirm;
  if (found->found == FS_YES && mark_intact(head, PROGRESS_MAGIC, found->sequence) == FS_YES) {
    found->progress = head->value;
    found->end += MARK_SIZE;
    return FS_YES;
  }
  /* end is at most the unit's length, so the difference does not wrap. */
  if (size == 0 || size + MARK_SIZE > unit->length - found->end) return FS_NO;
  if (found->found == FS_YES && head->sequence <= found->sequence) return FS_NO;
  if (state_intact(address, size) != FS_YES) return FS_NO;
  found->found = FS_YES;
  found->sequence = head->sequence;
  found->offset = found->end;
  found->size = size;
  found->progress = 0;
  found->confirmed = FS_NO;
  if (fs_flash_read(address + size, (uint8_t *)&confirm, MARK_SIZE) == FS_OK)
    found->confirmed = mark_intact(&confirm, CONFIRM_MAGIC, head->sequence);
  /* Also in the older half: what stands in the mark's place may be torn, and read as anything later. */
  /* Defence journal-unconfirmed-is-unclean */
  if (found->confirmed != FS_YES) found->clean = FS_NO;
  found->end += size + MARK_SIZE;
  return FS_YES;
}

static void walk_half(const fs_range *unit, walk *found) {
  memset(found, 0, sizeof *found);
  found->found = FS_NO;
  found->confirmed = FS_NO;
  found->newer = FS_NO;
  found->clean = FS_YES;
  /* Each turn moves the end on by a mark at least. */
  while (found->end < unit->length) {
    uint32_t first[MARK_SIZE / 4];
    uint32_t address = unit->start + found->end;
    if (fs_flash_read(address, (uint8_t *)first, MARK_SIZE) == FS_OK) {
      if (fs_all((const uint8_t *)first, MARK_SIZE, 0xff) == FS_YES) {
        if (fs_flash_blank(address, unit->length - found->end) != FS_YES) found->clean = FS_NO;
        return;
      }
      if (step(unit, found, (const uint8_t *)first) == FS_YES) continue;
      if (IS_NEWER(first[0])) found->newer = FS_YES;
    }
    found->clean = FS_NO;
    return;
  }
}

/*
 * All erase units of a half: on parts with small pages it has several. From its start, so that one that was
 * erased in part has no first record, and is not blank.
 */
static fs_result erase_half(uint32_t index) {
  const fs_range *range = &halves[index];
  uint32_t end = range->start + range->length; /* the catalogue's flash ends far below 2^32 */
  uint32_t address = range->start;
  while (address < end) {
    fs_erase_unit unit;
    FS_TRY(fs_flash_unit_of(address, &unit));
    FS_TRY(fs_flash_erase(&unit));
    address = unit.end; /* above address: the loop ends */
  }
  return FS_OK;
}

static fs_result write_mark(uint32_t magic, uint32_t value) {
  mark made;
  memset(&made, 0, sizeof made);
  made.magic = magic;
  made.sequence = fs_now.sequence;
  made.value = value;
  mac_bytes((const uint8_t *)&made, 16, made.mac);
  FS_TRY(fs_flash_write(halves[half].start + next, (const uint8_t *)&made, MARK_SIZE));
  next += MARK_SIZE;
  return FS_OK;
}

/* Writes fs_now at the next place, reads it back, then confirms it. */
static fs_result append_state(void) {
  fs_now.magic = FS_STATE_MAGIC;
  fs_now.sequence++; /* 2^32 states are beyond the endurance of any flash */
  mac_bytes((const uint8_t *)&fs_now, (uint32_t)offsetof(fs_state, mac), fs_now.mac);
  FS_TRY(fs_flash_write(halves[half].start + next, (const uint8_t *)&fs_now, STATE_SIZE));
  newest_at = halves[half].start + next;
  next += STATE_SIZE;
  return write_mark(CONFIRM_MAGIC, 0);
}

static fs_result append_in_other_half(void) {
  FS_TRY(erase_half(half ^ 1u));
  half ^= 1u;
  next = 0;
  return append_state();
}

/*
 * A state of the first version in fs_now, as the present version has it. What a receipt of the agent needs
 * did not exist then. Its authenticity is looked at in RAM, as that of any state.
 */
static fs_result migrate(void) {
  uint8_t mac[16];
  mac_bytes((const uint8_t *)&fs_now, STATE_1_AUTHENTIC, mac);
  FS_DEMAND(fs_equal(mac, (const uint8_t *)&fs_now + STATE_1_AUTHENTIC, sizeof mac) == FS_YES, FS_ERR_JOURNAL_FAILED);
  fs_wipe((uint8_t *)&fs_now + STATE_1_AUTHENTIC, STATE_SIZE - STATE_1_AUTHENTIC);
  fs_now.magic = FS_STATE_MAGIC;
  mac_bytes((const uint8_t *)&fs_now, (uint32_t)offsetof(fs_state, mac), fs_now.mac);
  return FS_OK;
}

/* Makes the newest intact state fs_now. *firm: whether it can be acted on as it stands. */
static fs_result find(fs_answer *firm) {
  walk walks[2];
  uint32_t newest;
  walk_half(&halves[0], &walks[0]);
  walk_half(&halves[1], &walks[1]);
  newest = walks[1].found == FS_YES && (walks[0].found != FS_YES || walks[1].sequence > walks[0].sequence) ? 1 : 0;
  /* Defence journal-newer-left-alone */
  FS_REQUIRE(walks[0].newer != FS_YES && walks[1].newer != FS_YES, FS_ERR_JOURNAL_NEWER);
  FS_REQUIRE(walks[newest].found == FS_YES, FS_ERR_JOURNAL_FAILED);
  half = newest;
  next = walks[newest].end;
  newest_at = halves[half].start + walks[newest].offset;
  FS_TRY_AS(fs_flash_read(newest_at, (uint8_t *)&fs_now, walks[newest].size), FS_ERR_JOURNAL_FAILED);
  if (walks[newest].size != STATE_SIZE) {
    FS_TRY(migrate());
    walks[newest].clean = FS_NO; /* it is written again before anything is acted on */
  }
  /* What is in RAM now is what counts, so it is authenticated once more. */
  FS_DEMAND(fs_journal_authentic() == FS_YES && fs_now.area_count <= FS_AREA_MAX, FS_ERR_JOURNAL_FAILED);
  FS_DEMAND(fs_now.other.area_count <= FS_AREA_MAX - fs_now.area_count, FS_ERR_JOURNAL_FAILED);
  if (walks[newest].progress != 0) fs_now.progress = walks[newest].progress;
  older_left = walks[newest ^ 1u].end == 0 && walks[newest ^ 1u].clean == FS_YES ? FS_NO : FS_YES;
  *firm = walks[newest].confirmed == FS_YES && walks[0].clean == FS_YES && walks[1].clean == FS_YES ? FS_YES : FS_NO;
  return FS_OK;
}

/* Twice: a newest state that one walk overlooks is not replaced by the one ahead of
 * it, which may be bootable. */
static fs_result find_twice(fs_answer *firm) {
  fs_answer before;
  uint32_t sequence;
  uint32_t place;
  FS_TRY(find(&before));
  sequence = fs_now.sequence;
  place = halves[half].start + next;
  /* Defence journal-second-walk */
  FS_TRY(find(firm));
  FS_INSIST(sequence == *(volatile uint32_t *)&fs_now.sequence, FS_ERR_JOURNAL_FAILED);
  FS_REQUIRE(place == halves[half].start + next && before == *firm, FS_ERR_JOURNAL_FAILED);
  return FS_OK;
}

fs_answer fs_journal_authentic(void) {
  uint8_t mac[16];
  mac_bytes((const uint8_t *)&fs_now, (uint32_t)offsetof(fs_state, mac), mac);
  return fs_equal(mac, fs_now.mac, sizeof mac);
}

void fs_journal_lose(void) {
  standing = FS_NO;
  fs_wipe(&fs_now, sizeof fs_now);
  fs_now.life_cycle = FS_LIFE_LOST;
  fs_now.receipt = FS_RECEIPT_NONE;
  if (fs_identity_beginnings(fs_now.root, &fs_now.epoch) != FS_OK) fs_wipe(fs_now.root, sizeof fs_now.root);
}

fs_result fs_journal_fault(void) { return fault; }

static fs_result load(void) {
  fs_answer firm = FS_NO;
  standing = FS_NO;
  FS_TRY(find_twice(&firm));
  standing = FS_YES;
  /* Defence journal-firm-before-use */
  if (firm == FS_YES) {
    /* An older state would be the newest once this half is gone. */
    /* Defence journal-older-half-erased */
    if (older_left == FS_YES) FS_TRY_AS(erase_half(half ^ 1u), FS_ERR_JOURNAL_FAILED);
    return FS_OK;
  }
  /* A record that could not be read now may be readable later, and would be one ahead
   * of this state: pass it. */
  fs_now.sequence++;
  FS_TRY_AS(append_in_other_half(), FS_ERR_JOURNAL_FAILED);
  FS_TRY_AS(erase_half(half ^ 1u), FS_ERR_JOURNAL_FAILED);
  return FS_OK;
}

fs_result fs_journal_load(void) {
  fs_result result = load();
  fault = result == FS_ERR_JOURNAL_NEWER ? FS_ERR_JOURNAL_NEWER : FS_ERR_JOURNAL_FAILED;
  return result;
}

fs_result fs_journal_recall(void) {
  if (fs_journal_load() != FS_OK) fs_journal_lose();
  return FS_ERR_INTERNAL_CHECK_FAILED;
}

fs_result fs_journal_create(void) {
  /* Half 1 may hold an enrolment secret, which goes with the first load: by then there is an identity. */
  half = 1;
  FS_TRY_AS(append_in_other_half(), FS_ERR_JOURNAL_FAILED);
  return FS_OK;
}

/*
 * The state in flash is fs_now, and the next walk takes it for the newest. Otherwise the previous state would
 * stay, and a count would be lost. Done once, against an instruction that was left out during the writing.
 */
static fs_result __attribute__((noinline)) check_written(uint32_t before) {
  FS_DEMAND(fs_now.magic == FS_STATE_MAGIC && fs_now.sequence > before, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_journal_authentic() == FS_YES, FS_ERR_INTERNAL_CHECK_FAILED);
  /* The confirmation stands ahead of the next record, the state ahead of that. */
  /* Defence journal-written-compared */
  FS_DEMAND(fs_flash_holds(halves[half].start + next - ENTRY_SIZE, (const uint8_t *)&fs_now, STATE_SIZE) == FS_YES,
            FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/*
 * Nothing that only rises is below what flash says, whatever was written over fs_now: a pointer that a glitch
 * spoilt can point to it. Once, for the same reason.
 */
static fs_result __attribute__((noinline)) check_risen(void) {
  uint32_t words[MARK_SIZE / 4]; /* how the state in flash begins */
  FS_STATIC_ASSERT(offsetof(fs_state, unwraps) < MARK_SIZE);
  FS_TRY_AS(fs_flash_read(newest_at, (uint8_t *)words, sizeof words), FS_ERR_JOURNAL_FAILED);
  FS_DEMAND(WORD_AT(words, magic) == FS_STATE_MAGIC && WORD_AT(words, sequence) == fs_now.sequence, FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.security_counter >= WORD_AT(words, security_counter) && fs_now.epoch >= WORD_AT(words, epoch),
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.install_count >= WORD_AT(words, install_count) && fs_now.random_counter >= WORD_AT(words, random_counter),
            FS_ERR_INTERNAL_CHECK_FAILED);
  FS_DEMAND(fs_now.unwraps >= WORD_AT(words, unwraps), FS_ERR_INTERNAL_CHECK_FAILED);
  /* Another root comes with a higher epoch. */
  if (fs_now.epoch == WORD_AT(words, epoch))
    FS_DEMAND(fs_flash_holds(newest_at + (uint32_t)offsetof(fs_state, root), fs_now.root, sizeof fs_now.root) == FS_YES,
              FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

/* Writes fs_now: in this half, or else in the other one. */
static fs_result write_state(void) {
  FS_TRY(check_risen());
  if (ENTRY_SIZE <= halves[half].length - next && append_state() == FS_OK) return FS_OK;
  FS_TRY_AS(append_in_other_half(), FS_ERR_JOURNAL_FAILED);
  (void)erase_half(half ^ 1u); /* if not: the next load does it */
  return FS_OK;
}

fs_result fs_journal_commit(void) {
  volatile uint32_t before = fs_now.sequence;
  fs_answer firm;
  fs_result result = write_state();
  if (result == FS_OK) result = check_written(before);
  if (result == FS_OK) return FS_OK;
  if (find(&firm) != FS_OK) fs_journal_lose();
  return FS_ERR_JOURNAL_FAILED; /* not the result: where a glitch led here, that is FS_OK */
}

/* The halves that hold nothing which counts go first; where a state stands, it stays until the new one is
 * confirmed. */
static fs_result write_anew(void) {
  if (standing == FS_YES) {
    fs_now.sequence++; /* what cannot be read now may be readable later: pass it */
  } else {
    FS_TRY(erase_half(1));
    half = 1;
  }
  FS_TRY(append_in_other_half());
  return erase_half(half ^ 1u);
}

fs_result fs_journal_renew(void) {
  uint32_t before = fs_now.sequence;
  FS_TRY_AS(write_anew(), FS_ERR_JOURNAL_FAILED);
  standing = FS_YES;
  return check_written(before);
}

/* Called, so that it loads the address of fs_now by itself. */
static fs_result __attribute__((noinline)) check_progress(uint32_t address) {
  FS_DEMAND(fs_now.progress == address, FS_ERR_INTERNAL_CHECK_FAILED);
  return FS_OK;
}

fs_result fs_journal_progress(uint32_t address) {
  fs_now.progress = address;
  FS_TRY(check_progress(address)); /* once: it is for a store that went elsewhere, and that took the one glitch */
  if (MARK_SIZE <= halves[half].length - next && write_mark(PROGRESS_MAGIC, address) == FS_OK) return FS_OK;
  return fs_journal_commit();
}

fs_answer fs_life_boots(void) {
  switch (fs_now.life_cycle) {
    case FS_LIFE_INSTALLED:
    case FS_LIFE_TRYING:
    case FS_LIFE_REVERTED: return FS_YES;
    default: return FS_NO;
  }
}

fs_answer fs_life_on_trial(void) {
  return fs_now.life_cycle == FS_LIFE_TRIAL || fs_now.life_cycle == FS_LIFE_TRYING ? FS_YES : FS_NO;
}

uint32_t fs_life_number(void) {
  if (fs_identity_present() != FS_YES) return 0;
  switch (fs_now.life_cycle) {
    case FS_LIFE_PERSONALIZED: return 1;
    case FS_LIFE_INSTALLING: return 2;
    case FS_LIFE_INSTALLED: return 3;
    case FS_LIFE_TRIAL:
    case FS_LIFE_TRYING: return 5;
    case FS_LIFE_REVERTED: return 6;
    case FS_LIFE_LOST: return 7;
    default: return 4;
  }
}
