/* SPDX-License-Identifier: MIT-0 */
/*
 * What an application says to the firmseal agent that installed it, and what it can read:
 * docs/application-kit.md; the rules are spec/agent.md sections 3, 6 and 10. No heap, no
 * interrupts; everything that writes flash blocks until the hardware is done, and the
 * processor may stand still meanwhile.
 */
#ifndef FIRMSEAL_H
#define FIRMSEAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  FIRMSEAL_OK = 0,
  FIRMSEAL_NOTHING_THERE = 1, /* the agent left no status, or there is no receipt */
  FIRMSEAL_NO_PLACE = 2,      /* not in flash, not at the start of an erase unit, or the image leaves no room */
  FIRMSEAL_NOT_BLANK = 3,     /* something else stands where 32 blank bytes were expected */
  FIRMSEAL_FLASH_FAILED = 4   /* the flash controller reported a fault, or reads back something else */
} firmseal_result;

/* Life cycles of spec/agent.md section 2 in which an application runs. */
typedef enum { FIRMSEAL_INSTALLED = 3, FIRMSEAL_ON_TRIAL = 5, FIRMSEAL_REVERTED = 6 } firmseal_life;

typedef struct {
  uint32_t agent_version;
  uint32_t life_cycle;       /* firmseal_life */
  uint32_t security_counter; /* of the chip: on trial not yet that of this application */
  uint32_t install_count;
  uint32_t epoch;
  uint32_t entry;                /* where this application's vector table is stored */
  uint8_t manifest_digest[32];   /* of the package that it came in */
  const uint8_t *receipt;        /* when firmseal_ask_for_receipt was the reason of the reset, else 0 */
  uint32_t receipt_length;       /* bytes */
} firmseal_status;

/* Copies what the agent left in RAM before it started this application. It is there as long as the linker
 * script keeps FIRMSEAL_STATUS free. FIRMSEAL_NOTHING_THERE: the application was started by something else,
 * or wrote over it. */
firmseal_result firmseal_read_status(firmseal_status *status);

/* Resets the chip; the agent then waits on its link. */
void firmseal_ask_for_agent(void) __attribute__((noreturn));

/* Resets the chip; the application runs again, and finds the receipt of its install in the status. */
void firmseal_ask_for_receipt(void) __attribute__((noreturn));

/* Resets the chip. */
void firmseal_reset(void) __attribute__((noreturn));

/* Confirms an application on trial for good, in flash. `image_end`: the first address behind the firmware
 * area with the vector table, as linked. Does nothing when it was done before. The counter rises at the next
 * reset, whatever its cause. FIRMSEAL_NO_PLACE: the area touches the last 32 bytes of its erase unit. */
firmseal_result firmseal_confirm(const void *image_end);

/*
 * Staged updates: spec/agent.md section 11. The application receives a sealed package, with its
 * license attached, over a network of its own, and puts it into erase units that neither it nor the
 * package uses. The agent takes it at the next reset. Addresses are as stored, the catalogue's,
 * also where the banks are exchanged.
 */
typedef struct {
  uint32_t start;
  uint32_t length;  /* of the file */
  uint32_t written; /* of it */
  uint32_t held;    /* of them in `unit`, not programmed yet */
  uint32_t unit[8];
} firmseal_stage;

/* Erases the units for a file of that length from `start` on, the first address of a unit. FIRMSEAL_NO_PLACE:
 * it is not, or the file does not fit into the slot. FIRMSEAL_FLASH_FAILED. */
firmseal_result firmseal_stage_begin(firmseal_stage *stage, uint32_t start, uint32_t length);

/* Writes the next bytes of the file, as many as there are. FIRMSEAL_NO_PLACE: more than
 * the length that was given. */
firmseal_result firmseal_stage_write(firmseal_stage *stage, const void *bytes, uint32_t count);

/* The file is whole: at the next reset the agent looks at it. FIRMSEAL_NOTHING_THERE: it is not. Without this
 * call nothing happens at a reset. */
firmseal_result firmseal_stage_request(firmseal_stage *stage);

/* How the agent dealt with what was staged at that place: FIRMSEAL_OK and the number of a fault of
 * docs/errors.md, or 0, installed. FIRMSEAL_NOTHING_THERE: nothing was requested there, or it still waits. */
firmseal_result firmseal_stage_result(uint32_t start, uint32_t *fault);

/* Gives the independent watchdog its time again: it runs during a trial. */
void firmseal_feed_watchdog(void);

#ifdef __cplusplus
}
#endif

#endif
