/*
 * What the core asks of a chip, function by function. A port is a folder beside this one (port/<name>/) that
 * defines these functions and those of fs_crypto.h; the facts about the chip come from the generated
 * fs_chip.h. Nothing here is called from an interrupt, and none of it calls back into the core.
 */
#ifndef FS_PORT_H
#define FS_PORT_H

#include "fs_bytes.h"
#include "fs_flow.h"

/*
 * Flash. Addresses are canonical (as in the catalogue), whatever the chip maps where at the moment. The core
 * stays inside the ranges that fs_chip.h gives it.
 */

/* Copies bytes out of flash. A word that its ECC calls broken gives another word than FS_OK and no exception;
 * the destination is then unspecified. */
fs_result fs_port_flash_read(uint32_t address, uint8_t *bytes, uint32_t length);

/* Programs erased flash. Address and length are multiples of FS_WRITE_UNIT_BYTES. Returns after the hardware
 * is done; FS_OK says that no error flag was raised, the core reads back by itself. */
fs_result fs_port_flash_program(uint32_t address, const uint8_t *bytes, uint32_t length);

/* Erases the erase unit that begins at the address. */
fs_result fs_port_flash_erase(uint32_t address);

/* Whether the supply stands high enough to erase flash, where the chip can tell: FS_OK,
 * or FS_ERR_SUPPLY_TOO_LOW. */
fs_result fs_port_supply_bears(void);

/*
 * Option bytes, by the catalogue's register ids.
 */

/* The value in force (not one that was programmed and waits for a reset). */
fs_result fs_port_option_read(uint32_t register_id, uint32_t *value);

/* Writes the registers, all at once where the chip can; FS_OK after the hardware reported success. */
fs_result fs_port_option_program(const uint32_t *register_ids, const uint32_t *values, uint32_t count);

/* FS_NO when the chip holds no key, password or certificate with which somebody can take its readout level
 * back; FS_YES when it holds one. */
fs_answer fs_port_level_key(void);

/* Makes programmed option bytes take force: a reset of the chip, or the launch bit that causes one. */
void fs_port_option_launch(void) __attribute__((noreturn));

/*
 * Chip.
 */
void fs_port_reset(void) __attribute__((noreturn));

/* Hands over to the application whose vector table is stored at the address: memory mapping, vector
 * table, stack pointer, jump. The core has wiped its secrets before. The port takes the address
 * through FS_FLOW_ENTRY (fs_flow.h): it is garbage unless the core decided to boot. Where it is not
 * the address given, a chip is reset. */
void fs_port_boot_application(uint32_t entry) __attribute__((noreturn));

/* FS_YES when the entry pin is active or the application left its request for the agent before the reset. */
fs_answer fs_port_entry_requested(void);

/* FS_YES when the application left its confirmation before the reset. Only looks. */
fs_answer fs_port_trial_confirmed(void);

/* Takes the confirmation out, if there is one: it counts once, and was journaled before. */
void fs_port_trial_clear(void);

/* FS_YES when the application left its request for a receipt before the reset; takes it out. */
fs_answer fs_port_receipt_requested(void);

/* Where an application finds what the agent left for it: FS_STATUS_LENGTH bytes of RAM from FS_STATUS_START
 * on, which the agent uses for nothing else and the hand-over leaves alone. */
uint32_t *fs_port_status_place(void);

/* Called before the boot of an application on trial: starts a watchdog that resets the chip unless the
 * application feeds it, where the chip has one that outlives the hand-over. */
void fs_port_trial_watchdog(void);

/* Bytes of the hardware generator, its health checks passed. Never called where
 * FS_HAS_RANDOM_GENERATOR is 0. */
fs_result fs_port_random(uint8_t *bytes, uint32_t length);

/* The unique id register: FS_UNIQUE_ID_LENGTH bytes. */
void fs_port_unique_id(uint8_t *bytes);

/* Sends bytes of a frame to the host; blocks until the hardware or a buffer of the port took them. */
void fs_port_link_send(const uint8_t *bytes, uint32_t length);

#endif
