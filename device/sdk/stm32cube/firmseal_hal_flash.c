/* SPDX-License-Identifier: MIT-0 */
/* NEVER BUILT: see README.md. The controller of firmseal_flash.h over the HAL of ST's F4 package. */
#include "firmseal_flash.h"
#include "stm32f4xx_hal.h"

firmseal_result firmseal_controller_program(uint32_t address, const uint32_t *words, uint32_t count) {
  HAL_StatusTypeDef status = HAL_FLASH_Unlock();
  uint32_t i;
  for (i = 0; i < count && status == HAL_OK; i++)
    status = HAL_FLASH_Program(FLASH_TYPEPROGRAM_WORD, address + 4u * i, words[i]);
  (void)HAL_FLASH_Lock();
  return status == HAL_OK ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}

/* The HAL counts the sectors of bank 2 from 12, the controller from 16. */
firmseal_result firmseal_controller_erase(const firmseal_unit *unit) {
  FLASH_EraseInitTypeDef erase = {0};
  uint32_t failed = 0;
  HAL_StatusTypeDef status = HAL_FLASH_Unlock();
  erase.TypeErase = FLASH_TYPEERASE_SECTORS;
  erase.Banks = unit->bank == 2u ? FLASH_BANK_2 : FLASH_BANK_1;
  erase.Sector = unit->code >= 16u ? unit->code - 4u : unit->code;
  erase.NbSectors = 1;
  erase.VoltageRange = FLASH_VOLTAGE_RANGE_3;
  if (status == HAL_OK) status = HAL_FLASHEx_Erase(&erase, &failed);
  (void)HAL_FLASH_Lock();
  return status == HAL_OK ? FIRMSEAL_OK : FIRMSEAL_FLASH_FAILED;
}
