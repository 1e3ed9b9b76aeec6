/*
 * The journal: the chip's memory over resets and power cuts. Two erase units, records appended and
 * never overwritten, each authenticated with the device key. Rules and layout: ../README.md, "Journal".
 */
#ifndef FS_JOURNAL_H
#define FS_JOURNAL_H

#include "fs_area.h"
#include "fs_crypto.h"

/* Life cycles as kept: words that do not turn into each other by a few bits.
 * fs_life_number gives the wire's value. */
#define FS_LIFE_PERSONALIZED 0x1e87d23bu
#define FS_LIFE_INSTALLING 0x69b40fc4u
#define FS_LIFE_INSTALLED 0xa53c965au
#define FS_LIFE_ERASED 0xd2e16985u
#define FS_LIFE_TRIAL 0x3f1f65a8u /* an application waits for its trial */
#define FS_LIFE_TRYING 0x71e0c07eu /* it got its one boot */
#define FS_LIFE_REVERTED 0xc60a3cabu /* it was given up; the former boots */

#define FS_UNWRAP_MAX 16u

/* An application that does not boot as things stand: the one to go back to, or the one that was given up. */
typedef struct {
  uint32_t entry;
  uint32_t boot_check;
  uint32_t area_count; /* its areas follow those of the present one */
  uint32_t zero;
  uint8_t manifest_digest[FS_HASH_SIZE];
  uint8_t firmware_mac[FS_HASH_SIZE];
} fs_other;

#define FS_STATE_MAGIC 0x314a5346u /* "FSJ1" */

/* A state record, as in flash; little-endian. */
typedef struct {
  uint32_t magic;
  uint32_t sequence;
  uint32_t life_cycle;
  uint32_t security_counter;
  uint32_t epoch;
  uint32_t install_count;
  uint32_t random_counter;
  uint32_t unwraps;        /* of the journaled license */
  uint32_t interruption;   /* FS_INTERRUPTION_..., of the install under way or the last */
  uint32_t boot_check;
  uint32_t entry;
  uint32_t option_tries;   /* times that the final option bytes may still be applied at boot */
  uint32_t progress;       /* resume: firmware below this address is complete; 0: start over */
  uint32_t area_count;
  uint32_t receipt;        /* FS_YES: a receipt can be given for the license below */
  uint32_t trial_counter;  /* security counter once the application on trial is confirmed */
  uint8_t manifest_digest[FS_HASH_SIZE];
  uint8_t license_digest[FS_HASH_SIZE];
  uint8_t receipt_nonce[FS_HASH_SIZE];
  uint8_t license_id[16];
  uint8_t job_id[16];
  uint8_t firmware_mac[FS_HASH_SIZE]; /* fs_digest_firmware; for boot check 2 */
  fs_area areas[FS_AREA_MAX];         /* of the present application, then of the other */
  fs_other other;
  uint8_t mac[16];
} fs_state;

FS_STATIC_ASSERT(sizeof(fs_state) == 704 && sizeof(fs_other) == 80);
FS_STATIC_ASSERT(offsetof(fs_state, manifest_digest) == 64 && offsetof(fs_state, license_id) == 160);
FS_STATIC_ASSERT(offsetof(fs_state, firmware_mac) == 192 && offsetof(fs_state, areas) == 224);
FS_STATIC_ASSERT(offsetof(fs_state, other) == 608);
FS_STATIC_ASSERT(offsetof(fs_state, mac) == 688 && sizeof(fs_state) % FS_FLASH_GRAIN == 0);

/* The present state. Change it, then fs_journal_commit. */
extern fs_state fs_now;

/* Finds the newest intact state and makes sure that it is firmly written. FS_ERR_JOURNAL_FAILED. */
fs_result fs_journal_load(void);

/* Loads the state again when the copy in RAM may be wrong; gives FS_ERR_INTERNAL_CHECK_FAILED. If the
 * journal cannot be read, nothing boots. */
fs_result fs_journal_recall(void);

/* FS_YES when fs_now is as it was authenticated or written last, progress included
 * (which is 0 once installed). */
fs_answer fs_journal_authentic(void);

/* Personalization: erases both units and writes fs_now as the first state, under a key given. */
fs_result fs_journal_create(const uint8_t device_key[FS_KEY_SIZE]);

/* Writes fs_now as the newest state; on a fault fs_now is again what flash holds. FS_ERR_JOURNAL_FAILED, or
 * FS_ERR_INTERNAL_CHECK_FAILED when what was written is not what the next walk takes. */
fs_result fs_journal_commit(void);

/* Notes that firmware below the address is complete. */
fs_result fs_journal_progress(uint32_t address);

/* FS_YES in the life cycles in which the present application boots. */
fs_answer fs_life_boots(void);

/* The life cycle as hellos and infos give it. */
uint32_t fs_life_number(void);

#endif
