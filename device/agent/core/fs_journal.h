/*
 * The journal: what the chip remembers over resets and power cuts. Two erase units, records appended and
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
#define FS_LIFE_REVERTED 0xc60a3cabu /* it was given up; the previous one boots */
/* In RAM only: no journal stands, and the chip waits for a recovery statement (spec/recovery.md). */
#define FS_LIFE_LOST 0x5cd5b813u

/* An application that does not boot as things stand: the one to go back to, or the one that was given up. */
typedef struct {
  uint32_t entry;
  uint32_t boot_check;
  uint32_t area_count; /* its areas stand behind those of the present one */
  uint32_t zero;
  uint8_t manifest_digest[FS_HASH_SIZE];
  uint8_t firmware_mac[FS_HASH_SIZE];
} fs_other;

/* The last letter is the version of the layout. */
#define FS_STATE_MAGIC 0x324a5346u   /* "FSJ2" */
#define FS_STATE_MAGIC_1 0x314a5346u /* "FSJ1": ended where `recoveries` begins, with its MAC there */
/* What a receipt says of the license of its install. */
typedef struct {
  uint8_t digest[FS_HASH_SIZE];
  uint8_t receipt_nonce[FS_HASH_SIZE];
  uint8_t license_id[16];
  uint8_t job_id[16];
} fs_license_names;

/* Which install a receipt can be given for. */
#define FS_RECEIPT_NONE 0x4d3a96c5u
#define FS_RECEIPT_PRESENT 0x9e651a3bu /* of the present application */
#define FS_RECEIPT_OTHER 0xb1c42f58u   /* of the other one, which was given up */

/* The install under way, beside what is known of the one before it: what has to be
 * erased when it ends badly. */
typedef struct {
  uint8_t manifest_digest[FS_HASH_SIZE];
  fs_place places[FS_AREA_MAX]; /* of its areas; length 0 ends the list */
} fs_under_way;

/* How an agent stands that was written into the second slot: fs_update.h. */
#define FS_UPDATE_NONE 0u
#define FS_UPDATE_WAITING 0x5b2ce936u /* the head of its image is due, or was just written */
#define FS_UPDATE_WRITTEN 0x96d15a4bu /* its install ended well; the next reset starts it */
#define FS_UPDATE_RUNS 0xe83f07d5u    /* it was started */

/* The agent that was installed last, and the license of its receipt. */
typedef struct {
  uint32_t status; /* FS_UPDATE_... */
  uint32_t length; /* of its image */
  uint32_t version;
  uint32_t counter;
  uint8_t manifest_digest[FS_HASH_SIZE];
  uint8_t digest[FS_HASH_SIZE]; /* keyed digest of the image */
  uint8_t mac[FS_HASH_SIZE];    /* fs_digest_measure of it */
  fs_license_names receipt_of;
} fs_update;

/* A state record, as in flash; little-endian. */
typedef struct {
  uint32_t magic;
  uint32_t sequence;
  uint32_t life_cycle;
  uint32_t security_counter;
  uint32_t epoch;
  uint32_t install_count;
  uint32_t random_counter;
  uint32_t unwraps;        /* since personalization, of whatever license */
  uint32_t interruption;   /* FS_INTERRUPTION_..., of the install under way or the last */
  uint32_t boot_check;
  uint32_t entry;
  uint32_t option_tries;   /* times that the final option bytes may still be applied at boot */
  uint32_t progress;       /* resume: firmware below this address is complete; 0: start over */
  uint32_t area_count;
  uint32_t receipt;        /* FS_RECEIPT_... */
  uint32_t trial_counter;  /* security counter once the application on trial is confirmed */
  uint8_t root[FS_POINT_SIZE - 1u];  /* public key in force; its first byte, 4, is left out */
  uint8_t last_license[FS_HASH_SIZE]; /* digest of the license unwrapped last; zeros once its install ended well */
  uint8_t manifest_digest[FS_HASH_SIZE];
  uint8_t firmware_mac[FS_HASH_SIZE]; /* fs_digest_measure; for boot check 2 and receipts */
  fs_license_names receipt_of;        /* the license of the install that the receipt is for */
  fs_area areas[FS_AREA_MAX];         /* of the present application, then of the other */
  fs_other other;
  fs_under_way under_way;
  uint32_t recoveries; /* journals that a recovery statement made, this one included */
  uint32_t zeros[3];
  fs_update update;
  uint8_t mac[16];
} fs_state;

/* The place of every member: fs_layout.c. */

/* The present state. Change it, then fs_journal_commit. */
extern fs_state fs_now;

/* Finds the newest intact state and makes sure that it is firmly written, and that no older one stands in the
 * other half; a state in an older layout is written again in the present layout.
 * FS_ERR_JOURNAL_FAILED; FS_ERR_JOURNAL_NEWER: a record of a version that this agent does not know stands
 * there, and nothing was changed. */
fs_result fs_journal_load(void);

/* Why nothing was loaded: FS_ERR_JOURNAL_FAILED, or FS_ERR_JOURNAL_NEWER. */
fs_result fs_journal_fault(void);

/* No journal stands, or the one that does is not the newest that this chip had: fs_now is what the identity
 * says, in life cycle FS_LIFE_LOST. */
void fs_journal_lose(void);

/* Loads it again where what is in RAM is not what happened; gives FS_ERR_INTERNAL_CHECK_FAILED. If the
 * journal cannot be read, nothing boots. */
fs_result fs_journal_recall(void);

/* FS_YES when fs_now is as it was authenticated or written last, progress included
 * (which is 0 once installed). */
fs_answer fs_journal_authentic(void);

/* Recovery: writes fs_now as the only state, whatever stands in flash. After a power cut at any operation of
 * it the journal is lost, or as it was, or the new one. FS_ERR_JOURNAL_FAILED,
 * FS_ERR_INTERNAL_CHECK_FAILED. */
fs_result fs_journal_renew(void);

/* Personalization: erases the first unit and writes fs_now as the first state, under the key of
 * fs_identity_use_key. */
fs_result fs_journal_create(void);

/* Writes fs_now as the newest state; on a fault fs_now is again what flash holds. FS_ERR_JOURNAL_FAILED, or
 * FS_ERR_INTERNAL_CHECK_FAILED when what was written is not what the next walk takes. */
fs_result fs_journal_commit(void);

/* Notes that firmware below the address is complete. */
fs_result fs_journal_progress(uint32_t address);

/* FS_YES in the life cycles in which the present application boots. */
fs_answer fs_life_boots(void);

/* FS_YES while an application waits for its trial, or is on trial. */
fs_answer fs_life_on_trial(void);

/* The life cycle as hellos and infos give it. */
uint32_t fs_life_number(void);

#endif
