/*
 * Whether the agent is wanted: a pin level at reset, or a word that the application left in a backup
 * register, taken out when it is read, so that it asks once. Another word in the same register
 * confirms an application on trial.
 */
#include "fs_request.h"
#include "fs_settings.h"
#include "fs_stm32.h"

#define SAMPLES 8u

static fs_answer pin_active(void) {
  fs_board settings;
  uint32_t active = 0;
  uint32_t i;
  uint32_t gpio;
  uint32_t pin;
  fs_settings_read(&settings);
  if (settings.entry == FS_BOARD_NO_PIN) return FS_NO;
  gpio = FS_PIN_GPIO(settings.entry);
  pin = FS_PIN_NUMBER(settings.entry);
  fs_gpio_clock(gpio);
  /* Input with the board's pull: 1 up, 2 down (RM0090 8.4.4). */
  FS_REGISTER(gpio + 0x00u) &= ~(3u << (2 * pin));
  FS_REGISTER(gpio + 0x0Cu) =
      (FS_REGISTER(gpio + 0x0Cu) & ~(3u << (2 * pin))) | (uint32_t)settings.entry_pull << (2 * pin);
  for (i = 0; i < SAMPLES; i++) {
    fs_spin(1024); /* the pull needs some microseconds */
    active += (FS_REGISTER(gpio + 0x10u) >> pin & 1u) == settings.entry_level;
  }
  return active == SAMPLES ? FS_YES : FS_NO;
}

/* FS_YES when the register holds the word, which is then taken out if that is asked for. */
static fs_answer word_left(uint32_t word, fs_answer take) {
  fs_answer answer = FS_NO;
  fs_backup_open();
  if (FS_REGISTER(FS_REQUEST_REGISTER) == word) {
    if (take == FS_YES) FS_REGISTER(FS_REQUEST_REGISTER) = 0;
    answer = FS_YES;
  }
  fs_backup_close();
  return answer;
}

fs_answer fs_port_trial_confirmed(void) { return word_left(FS_CONFIRM_WORD, FS_NO); }

/* The register after that of the words: a mark, then the count. Without the mark the
 * value is an application's. */
#define BOOTS_REGISTER (FS_REQUEST_REGISTER + 4u)
#define BOOTS_MARK 0x46420000u
#define BOOTS_MOST 0xFFFu

static uint32_t unconfirmed;

uint32_t fs_unconfirmed_boots(void) { return unconfirmed; }

/* Lost with the supply of the backup domain, as the words are. */
static void count_boot(fs_answer confirmed) {
  fs_board settings;
  uint32_t found;
  fs_settings_read(&settings);
  unconfirmed = 0;
  if (settings.unconfirmed_boots == 0) return; /* the register is the application's */
  fs_backup_open();
  found = FS_REGISTER(BOOTS_REGISTER);
  if (confirmed != FS_YES && (found & ~BOOTS_MOST) == BOOTS_MARK) unconfirmed = found & BOOTS_MOST;
  FS_REGISTER(BOOTS_REGISTER) = BOOTS_MARK | (unconfirmed < BOOTS_MOST ? unconfirmed + 1u : BOOTS_MOST);
  fs_backup_close();
}

void fs_port_trial_clear(void) { count_boot(word_left(FS_CONFIRM_WORD, FS_YES)); }

void fs_port_trial_watchdog(void) { fs_watchdog_start(); }

fs_answer fs_port_receipt_requested(void) { return word_left(FS_RECEIPT_WORD, FS_YES); }

fs_answer fs_port_entry_requested(void) {
  fs_answer left = word_left(FS_REQUEST_WORD, FS_YES);
  return pin_active() == FS_YES || left == FS_YES ? FS_YES : FS_NO;
}
