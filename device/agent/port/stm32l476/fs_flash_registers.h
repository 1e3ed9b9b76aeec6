/* Flash registers for stm32/flash_ecc.c: RM0351 section 3.3 (operations), 3.4 (option bytes), 3.7
 * (registers). */
#ifndef FS_FLASH_REGISTERS_H
#define FS_FLASH_REGISTERS_H

/* From FS_FLASH on. One register tells of broken words in both banks. */
#define FS_FLASH_KEYR 0x08u
#define FS_FLASH_OPTKEYR 0x0Cu
#define FS_FLASH_SR 0x10u
#define FS_FLASH_CR 0x14u
#define FS_FLASH_ECC_FIRST 0x18u
#define FS_FLASH_ECC_LAST 0x18u

/* BSY. */
#define FS_FLASH_SR_BUSY 0x00010000u
/* OPTVERR, RDERR, FASTERR, MISERR, PGSERR, SIZERR, PGAERR, WRPERR, PROGERR, OPERR. */
#define FS_FLASH_SR_ERRORS 0x0000C3FAu
#define FS_FLASH_CR_BANK_2 (1u << 11)

#endif
