/* SPDX-License-Identifier: MIT-0 */
/*
 * An application with the kit: says what it is, confirms itself when it is on trial, and takes letters on its
 * UART: v (what is it), a (the agent, please), r (come back with the receipt), u (an update: address and
 * length, 4 bytes each, little-endian, then the sealed package in pieces of 256 bytes, each after a point was
 * said), s (and an address: how the agent dealt with what was staged there).
 */
#include "firmseal.h"
#include "uart.h"

#define PIECE 256u

extern const uint8_t image_end[];

static void say(const char *text) {
  while (*text) uart_put((uint8_t)*text++);
}

static void say_number(uint32_t number) {
  char digits[11];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = (char)('0' + number % 10u);
    number /= 10u;
  } while (number > 0);
  say(at);
}

static void say_bytes(const uint8_t *bytes, uint32_t length) {
  static const char digits[] = "0123456789abcdef";
  uint32_t i;
  for (i = 0; i < length; i++) {
    uart_put((uint8_t)digits[bytes[i] >> 4]);
    uart_put((uint8_t)digits[bytes[i] & 15u]);
  }
}

static void say_field(const char *name, uint32_t value) {
  say(name);
  say_number(value);
}

static void say_status(const firmseal_status *status) {
  say("example " EXAMPLE_VERSION);
  say_field(" agent ", status->agent_version);
  say_field(" life ", status->life_cycle);
  say_field(" counter ", status->security_counter);
  say_field(" installs ", status->install_count);
  say("\r\n");
  if (status->receipt_length == 0) return;
  say("receipt ");
  say_bytes(status->receipt, status->receipt_length);
  say("\r\n");
}

static uint32_t get_word(void) {
  uint32_t word = 0;
  uint32_t i;
  for (i = 0; i < 4; i++) word |= (uint32_t)uart_get() << (8u * i);
  return word;
}

/* A UART stands here for the network that a product has. */
static firmseal_result receive_update(void) {
  static uint8_t piece[PIECE];
  firmseal_stage stage;
  uint32_t start = get_word();
  uint32_t left = get_word();
  firmseal_result result = firmseal_stage_begin(&stage, start, left);
  while (result == FIRMSEAL_OK && left > 0) {
    uint32_t count = left < PIECE ? left : PIECE;
    uint32_t i;
    uart_put('.');
    for (i = 0; i < count; i++) piece[i] = uart_get();
    result = firmseal_stage_write(&stage, piece, count);
    left -= count;
  }
  return result == FIRMSEAL_OK ? firmseal_stage_request(&stage) : result;
}

static void update(void) {
  firmseal_result result = receive_update();
  if (result != FIRMSEAL_OK) {
    say_field("not staged: ", (uint32_t)result);
    say("\r\n");
    return;
  }
  say("staged\r\n");
  uart_drain();
  firmseal_reset();
}

static void say_result(void) {
  uint32_t fault;
  if (firmseal_stage_result(get_word(), &fault) == FIRMSEAL_OK) say_field("result ", fault);
  else say("no result");
  say("\r\n");
}

int main(void) {
  firmseal_status status;
  uart_open();
  if (firmseal_read_status(&status) != FIRMSEAL_OK) {
    say("example " EXAMPLE_VERSION " without an agent\r\n");
    status.life_cycle = 0;
  } else {
    say_status(&status);
  }
  /* A real application first finds out whether it works. */
  if (status.life_cycle == FIRMSEAL_ON_TRIAL)
    say(firmseal_confirm(image_end) == FIRMSEAL_OK ? "confirmed\r\n" : "not confirmed\r\n");
  for (;;) {
    uint8_t asked = uart_get();
    if (asked == 'v' && status.life_cycle != 0) say_status(&status);
    if (asked == 'u') update();
    if (asked == 's') say_result();
    if (asked != 'a' && asked != 'r') continue;
    say("bye\r\n");
    uart_drain();
    if (asked == 'a') firmseal_ask_for_agent();
    firmseal_ask_for_receipt();
  }
}
