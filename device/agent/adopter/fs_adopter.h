/*
 * The adopter: a program that turns a chip which runs somebody's bootloader and application into one that
 * starts firmseal's anchor (docs/adoption.md). It is written to flash as an application is, copies itself to
 * RAM, and carries out the steps of a plan that `firmseal adopt build` put after it. Every start begins with
 * the first step; a step whose result stands already does nothing. So a power cut costs time and no more.
 */
#ifndef FS_ADOPTER_H
#define FS_ADOPTER_H

#include "fs_bytes.h"

#define FS_PLAN_MAGIC 0x50415346u /* "FSAP" */
#define FS_PLAN_VERSION 1u
/* The vector table in flash. */
#define FS_TABLE_BYTES 1024u

/* At the first multiple of 32 behind the program; all words little-endian. */
typedef struct {
  uint32_t magic;
  uint32_t version;
  uint32_t length; /* of the plan with its data, from the magic on: a multiple of 32 */
  uint32_t chip;   /* number of the catalogue */
  uint32_t steps;
  uint32_t crc; /* CRC-32/ISO-HDLC of what follows, to the end */
  uint32_t zero[2];
} fs_plan;

FS_STATIC_ASSERT(sizeof(fs_plan) == 32);

/* Kinds of steps, in the order of their numbers. */
enum {
  /* The word at address `a`, masked with `b`, is `c`; else nothing more is done. */
  FS_ADOPT_REQUIRE = 1,
  /* The erase units from `a` on, `b` bytes, hold `d` bytes of the plan from offset `c`, then 0xFF. */
  FS_ADOPT_UNITS = 2,
  /* The erase units from `a` on, `b` bytes, hold this image, its vectors made for address `c`. */
  FS_ADOPT_IMAGE = 3,
  /* The bits `b` of option register `a` are `c`, with the next `d` rows in one write; a
   * change resets the chip. */
  FS_ADOPT_OPTION = 4
};

/* Done only while the bits when_mask of option register when_register are when_value. */
typedef struct {
  uint32_t kind;
  uint32_t when_register;
  uint32_t when_mask;
  uint32_t when_value;
  uint32_t a;
  uint32_t b;
  uint32_t c;
  uint32_t d;
} fs_step;

FS_STATIC_ASSERT(sizeof(fs_step) == 32);

/* A port: interrupts, memory protection and caches off, what they hold written back. Runs from flash, before
 * anything has its address. */
void fs_adopter_settle(void);

/* A port: gives the banks their own addresses. Where the image at that address stands then. */
uint32_t fs_adopter_place(uint32_t image);

#endif
