/*
 * See fs_board.h. The checks are those of spec/board.md sections 3 and 4, in its order. The block is not
 * signed: whoever can write it can write the agent, which lies in the same erase unit.
 */
#include "fs_board.h"

#include "fs_chip_facts.h"
#include "fs_port.h"

#define MAGIC 0x44425346u /* "FSBD" */
#define VERSION 1u
#define CRC_AT 60u

#define OSCILLATOR 10u
#define CORE_SUPPLY 11u
#define FREQUENCY 12u
#define LEAST_SUPPLY 16u
#define MOST_SUPPLY 18u
#define UART 20u
#define TX 21u
#define RX 22u
#define FUNCTIONS 23u
#define BAUD 24u
#define FAST_BAUD 28u
#define ENTRY 32u
#define ENTRY_FLAGS 33u
#define WINDOW 34u
#define USB_FLAGS 36u
#define BOOTS 37u
#define USB_VENDOR 38u
#define USB_PRODUCT 40u
#define PAGE 42u /* up to the CRC */

#define PORT_MOST 10u
#define PA9 0x09u
#define PA11 0x0Bu
#define PA12 0x0Cu

/* Clock periods in a bit: what the divider of a U(S)ART can be, with 16 samples a bit. */
#define DIVIDER_LEAST 16u
#define DIVIDER_MOST 0xFFFFu

#define FS_FIELD(condition) FS_REQUIRE(condition, FS_ERR_BOARD_FIELD_INVALID)

static uint32_t u16(const uint8_t *bytes) { return bytes[0] | (uint32_t)bytes[1] << 8; }

/* One comparison: below `least` the difference wraps to a large value. */
static uint32_t within(uint32_t value, uint32_t least, uint32_t most) { return value - least <= most - least; }

static uint32_t is_rate(uint32_t baud) { return within(baud, 1200u, 20000000u); }

static fs_result check_supply(const uint8_t *block) {
  uint32_t frequency = fs_get_u32le(block + FREQUENCY);
  uint32_t least = u16(block + LEAST_SUPPLY);
  uint32_t most = u16(block + MOST_SUPPLY);
  FS_FIELD(block[OSCILLATOR] <= 2u && block[CORE_SUPPLY] <= 2u);
  FS_FIELD(block[OSCILLATOR] == 0 ? frequency == 0 : within(frequency, 1000000u, 50000000u));
  FS_FIELD(least >= 1600u && most <= 3700u && least <= most);
  return FS_OK;
}

static fs_result check_uart(const uint8_t *block) {
  uint32_t baud = fs_get_u32le(block + BAUD);
  uint32_t fast = fs_get_u32le(block + FAST_BAUD);
  if (block[UART] == 0) {
    FS_FIELD((block[TX] & block[RX]) == FS_BOARD_NO_PIN && (baud | fast | block[FUNCTIONS]) == 0);
    return FS_OK;
  }
  FS_FIELD(within(block[UART] & 0x7Fu, 1u, block[UART] > 0x7Fu ? 3u : 10u));
  FS_FIELD(block[TX] != FS_BOARD_NO_PIN && block[RX] != FS_BOARD_NO_PIN);
  FS_FIELD(is_rate(baud) && (fast == 0 || (is_rate(fast) && fast != baud)));
  return FS_OK;
}

/* Flags: USB is used, VBUS is sensed. There is a way to reach the agent. */
static fs_result check_usb(const uint8_t *block) {
  uint32_t flags = block[USB_FLAGS];
  uint32_t vendor = u16(block + USB_VENDOR);
  if (flags == 0) FS_FIELD((vendor | u16(block + USB_PRODUCT)) == 0 && block[UART] != 0);
  else FS_FIELD((flags == 1u || flags == 3u) && vendor != 0);
  return FS_OK;
}

/* A pin is one, and nobody else's: with USB, PA11 and PA12 are the port's, and PA9 where VBUS is sensed. */
static fs_result check_pins(const uint8_t *block) {
  static const uint8_t places[] = {TX, RX, ENTRY};
  uint32_t flags = block[USB_FLAGS];
  uint32_t i;
  for (i = 0; i < sizeof places; i++) {
    uint32_t pin = block[places[i]];
    if (pin == FS_BOARD_NO_PIN) continue;
    FS_FIELD(pin >> 4 <= PORT_MOST);
    FS_FIELD(places[i] == TX || pin != block[TX]);
    FS_FIELD(places[i] != ENTRY || pin != block[RX]);
    FS_FIELD(flags == 0 || (pin != PA11 && pin != PA12 && (flags == 1u || pin != PA9)));
  }
  return FS_OK;
}

/* No bit above the pull, and no pull of 3. */
static uint32_t is_entry(uint32_t pin, uint32_t flags) { return pin == FS_BOARD_NO_PIN ? flags == 0 : flags < 6u; }

static fs_result check_fields(const uint8_t *block) {
  uint32_t before = block[USB_FLAGS];
  uint32_t i;
  FS_FIELD(block[5] == 0 && block[BOOTS] <= FS_BOARD_BOOTS_MOST);
  /* The page's address: printable ASCII, then zeros to the end. Without USB all bytes are zero. */
  for (i = PAGE; i < CRC_AT; i++) {
    FS_FIELD(block[i] == 0 || (before != 0 && within(block[i], 0x21u, 0x7Eu)));
    before = block[i];
  }
  FS_TRY(check_supply(block));
  FS_TRY(check_uart(block));
  FS_FIELD(is_entry(block[ENTRY], block[ENTRY_FLAGS]));
  FS_FIELD(u16(block + WINDOW) <= FS_BOARD_WINDOW_MOST_MS);
  FS_TRY(check_usb(block));
  return check_pins(block);
}

#if FS_UART_COUNT > 0
static uint32_t is_divided(uint32_t clock_hz, uint32_t baud) {
  return within(clock_hz / baud, DIVIDER_LEAST, DIVIDER_MOST);
}

static uint32_t has_port(uint32_t pin) { return pin == FS_BOARD_NO_PIN || (FS_GPIO_PORTS >> (pin >> 4) & 1u) != 0; }

/* What this agent drives: the pins' ports; the UART, at both rates. */
static fs_result check_chip(const fs_board *board) {
  uint32_t i;
  uint32_t has_ports = has_port(board->tx) && has_port(board->rx) && has_port(board->entry);
  /* Defence board-ports */
  FS_FIELD(has_ports);
  if (board->uart == 0) return FS_OK;
  for (i = 0; i < FS_UART_COUNT; i++) {
    if (fs_uarts[i].number != board->uart) continue;
    FS_FIELD(is_divided(fs_uarts[i].clock_hz, board->baud));
    FS_FIELD(board->fast_baud == 0 || is_divided(fs_uarts[i].clock_hz, board->fast_baud));
    return FS_OK;
  }
  return FS_ERR_BOARD_FIELD_INVALID;
}
#else
static fs_result check_chip(const fs_board *board) {
  (void)board;
  return FS_OK;
}
#endif

static fs_result take_block(uint8_t block[FS_BOARD_LENGTH]) {
  /* A word that was torn while it was written gives no bytes. */
  FS_TRY_AS(fs_port_flash_read(FS_BOARD_START, block, FS_BOARD_LENGTH), FS_ERR_BOARD_DAMAGED);
  FS_REQUIRE(fs_get_u32le(block) == MAGIC, FS_ERR_BOARD_MISSING);
  FS_REQUIRE(block[4] == VERSION, FS_ERR_BOARD_VERSION_UNSUPPORTED);
  FS_REQUIRE(u16(block + 6) == FS_BOARD_LENGTH, FS_ERR_BOARD_DAMAGED);
  /* Defence board-checksum: a block that is half written is not taken. */
  FS_REQUIRE(fs_crc32(block, CRC_AT) == fs_get_u32le(block + CRC_AT), FS_ERR_BOARD_DAMAGED);
  FS_TRY(check_fields(block));
  /* Defence board-of-this-chip */
  FS_REQUIRE(u16(block + 8) == FS_CHIP_NUMBER, FS_ERR_BOARD_CHIP_WRONG);
  return FS_OK;
}

static fs_result read_block(fs_board *board) {
  uint8_t block[FS_BOARD_LENGTH];
  FS_TRY(take_block(block));
  board->baud = fs_get_u32le(block + BAUD);
  board->fast_baud = fs_get_u32le(block + FAST_BAUD);
  board->window_ms = u16(block + WINDOW);
  board->unconfirmed_boots = block[BOOTS];
  board->least_millivolts = u16(block + LEAST_SUPPLY);
  board->uart = block[UART];
  board->tx = block[TX];
  board->rx = block[RX];
  board->functions = block[FUNCTIONS];
  board->entry = block[ENTRY];
  board->entry_level = block[ENTRY_FLAGS] & 1u;
  board->entry_pull = block[ENTRY_FLAGS] >> 1;
  return check_chip(board);
}

fs_result fs_board_read(fs_board *board) {
  fs_result result = read_block(board);
  if (result != FS_OK) memset(board, 0, sizeof *board);
  return result;
}

fs_result fs_board_read_usb(fs_board_usb *usb) {
  uint8_t block[FS_BOARD_LENGTH];
  memset(usb, 0, sizeof *usb);
  FS_TRY(take_block(block));
  FS_REQUIRE(block[USB_FLAGS] != 0, FS_ERR_BOARD_MISSING);
  usb->flags = block[USB_FLAGS];
  usb->oscillator = block[OSCILLATOR];
  usb->crystal_hz = fs_get_u32le(block + FREQUENCY);
  usb->vendor = u16(block + USB_VENDOR);
  usb->product = u16(block + USB_PRODUCT);
  memcpy(usb->page, block + PAGE, sizeof usb->page);
  while (usb->page_length < sizeof usb->page && usb->page[usb->page_length] != 0) usb->page_length++;
  return FS_OK;
}
