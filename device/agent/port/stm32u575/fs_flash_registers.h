/* Flash registers for stm32/flash_ecc.c: RM0456 section 7.3 (operations), 7.4 (option bytes), 7.9
 * (registers); CR and SR are NSCR and NSSR, those without TrustZone. */
#ifndef FS_FLASH_REGISTERS_H
#define FS_FLASH_REGISTERS_H

/* From FS_FLASH on. */
#define FS_FLASH_KEYR 0x08u
#define FS_FLASH_OPTKEYR 0x10u
#define FS_FLASH_SR 0x20u
#define FS_FLASH_CR 0x28u
#define FS_FLASH_ECC_FIRST 0x30u
#define FS_FLASH_ECC_LAST 0x30u

/* BSY, WDW (words wait for the rest of theirs). */
#define FS_FLASH_SR_BUSY 0x00030000u
/* OPTWERR, PGSERR, SIZERR, PGAERR, WRPERR, PROGERR, OPERR. */
#define FS_FLASH_SR_ERRORS 0x000020FAu
#define FS_FLASH_CR_BANK_2 (1u << 11)

#endif
