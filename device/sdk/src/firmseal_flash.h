/* SPDX-License-Identifier: MIT-0 */
/*
 * Flash as the library needs it. flash_f4.c, flash_h7.c and flash_ecc.c do it by the registers of their
 * families; an application with a flash driver of its own gives these three functions instead.
 */
#ifndef FIRMSEAL_FLASH_H
#define FIRMSEAL_FLASH_H

#include "firmseal.h"
#include "firmseal_chip.h"
#include "firmseal_registers.h"

#define FIRMSEAL_REGISTER(address) (*(volatile uint32_t *)(uint32_t)(address))

typedef struct {
  uint32_t start;
  uint32_t end; /* first address after it */
  uint32_t bank;
  uint32_t code; /* its number for the controller */
} firmseal_unit;

/* Addresses below are as stored. The erase unit that holds the address. FIRMSEAL_NO_PLACE. */
firmseal_result firmseal_unit_of(uint32_t address, firmseal_unit *unit);

/* Where the processor sees what is stored at the address: another place where the banks are exchanged. */
uint32_t firmseal_seen_at(uint32_t address);

/* 1 when every byte reads as erased. */
int firmseal_is_blank(uint32_t address, uint32_t length);

/* Programs erased flash and reads it back; address and length are multiples of FIRMSEAL_WRITE_UNIT_BYTES.
 * FIRMSEAL_FLASH_FAILED. */
firmseal_result firmseal_program(uint32_t address, const void *bytes, uint32_t length);

/* Erases one unit. FIRMSEAL_FLASH_FAILED. */
firmseal_result firmseal_erase(const firmseal_unit *unit);

/* The controller of a family, without reading back. */
firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count);
firmseal_result firmseal_controller_erase(const firmseal_unit *unit);

#endif
