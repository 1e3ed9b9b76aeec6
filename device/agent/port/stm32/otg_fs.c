/*
 * See fs_otg_driver.h: NOT EXECUTED. Synopsys OTG core as RM0090 chapter 34 and RM0433 chapter 57 describe
 * it, slave mode (no DMA), endpoint 0 alone. Requests are core/fs_usb.h's; SET_ADDRESS is here.
 */
#include "fs_otg_driver.h"

#include "fs_agent.h"
#include "fs_otg.h"

#define REGISTER(offset) FS_OTG_REGISTER(FS_OTG + (offset))
#define GOTGCTL REGISTER(0x000u)
#define GUSBCFG REGISTER(0x00Cu)
#define GRSTCTL REGISTER(0x010u)
#define GINTSTS REGISTER(0x014u)
#define GRXSTSP REGISTER(0x020u)
#define GRXFSIZ REGISTER(0x024u)
#define DIEPTXF0 REGISTER(0x028u)
#define GCCFG REGISTER(0x038u)
#define DCFG REGISTER(0x800u)
#define DCTL REGISTER(0x804u)
#define DIEPCTL0 REGISTER(0x900u)
#define DIEPINT0 REGISTER(0x908u)
#define DIEPTSIZ0 REGISTER(0x910u)
#define DOEPCTL0 REGISTER(0xB00u)
#define DOEPTSIZ0 REGISTER(0xB10u)
#define FIFO0 REGISTER(0x1000u)

#define RST_CORE (1u << 0)
#define RST_FLUSH_RECEIVE (1u << 4)
#define RST_FLUSH_SEND (1u << 5)
#define RST_IDLE (1u << 31)
#define INT_RECEIVED (1u << 4)
#define INT_BUS_RESET (1u << 12)
#define INT_ENUMERATED (1u << 13)
#define CTL_STALL (1u << 21)
#define CTL_CLEAR_NAK (1u << 26)
#define CTL_ENABLE (1u << 31)
#define SENT (1u << 0) /* DIEPINT0.XFRC */
#define ADDRESS_MASK (0x7Fu << 4)

enum { PACKET_OUT = 2, PACKET_OUT_DONE = 3, PACKET_SETUP_DONE = 4, PACKET_SETUP = 6 };
enum { PACKET_BYTES = 64, WAIT_TURNS = 1000000, SET_ADDRESS = 5 };

typedef enum { STAGE_SETUP, STAGE_DATA_OUT, STAGE_DATA_IN, STAGE_STATUS_IN, STAGE_STATUS_OUT } stage;

static stage at = STAGE_SETUP;
static uint8_t setup[FS_USB_SETUP_SIZE];
static uint8_t data[FS_USB_TRANSFER_MAX];
static uint32_t gathered;
static fs_view answer;       /* what is left of it */
static fs_answer short_last; /* the host asked for more than there is: a packet of less than 64 bytes ends it */

static uint32_t announced(void) { return (uint32_t)setup[6] | (uint32_t)setup[7] << 8; }

/* A core that never answers leaves USB dead and the agent alive. */
static void wait_while(volatile uint32_t *place, uint32_t mask, uint32_t value) {
  uint32_t turns;
  for (turns = 0; turns < WAIT_TURNS && (*place & mask) == value; turns++) continue;
}

/* Three setup packets and one packet of data may come. */
static void arm_out(void) {
  DOEPTSIZ0 = 3u << 29 | 1u << 19 | PACKET_BYTES;
  DOEPCTL0 |= CTL_ENABLE | CTL_CLEAR_NAK;
}

static void send_packet(void) {
  uint32_t length = answer.length < PACKET_BYTES ? answer.length : PACKET_BYTES;
  uint32_t i;
  DIEPTSIZ0 = 1u << 19 | length;
  DIEPCTL0 |= CTL_ENABLE | CTL_CLEAR_NAK;
  for (i = 0; i < length; i += 4) {
    uint32_t word = 0;
    uint32_t k;
    for (k = 0; k < 4 && i + k < length; k++) word |= (uint32_t)answer.data[i + k] << 8 * k;
    FIFO0 = word;
  }
  answer.data += length;
  answer.length -= length;
  if (length < PACKET_BYTES) short_last = FS_NO;
}

/* The core clears the bits with the next setup packet. */
static void stall(void) {
  DIEPCTL0 |= CTL_STALL;
  DOEPCTL0 |= CTL_STALL;
  at = STAGE_SETUP;
  arm_out();
}

static void handle(void) {
  fs_view sent;
  sent.data = data;
  sent.length = gathered;
  if (setup[0] == 0 && setup[1] == SET_ADDRESS) {
    DCFG = (DCFG & ~ADDRESS_MASK) | ((uint32_t)setup[2] << 4 & ADDRESS_MASK); /* in force after the status stage */
    answer.length = 0;
  } else if (fs_agent_usb_control(setup, sent, &answer) != FS_YES) {
    stall();
    return;
  }
  if (setup[0] & 0x80u) {
    at = STAGE_DATA_IN;
    short_last = answer.length < announced() ? FS_YES : FS_NO;
  } else {
    at = STAGE_STATUS_IN;
    answer.length = 0;
  }
  send_packet();
}

static void take_setup(void) {
  gathered = 0;
  if ((setup[0] & 0x80u) != 0 || announced() == 0) {
    handle();
  } else if (announced() > sizeof data) {
    stall();
  } else {
    at = STAGE_DATA_OUT;
    arm_out();
  }
}

static void take_out_done(void) {
  if (at == STAGE_DATA_OUT) {
    if (gathered < announced()) arm_out();
    else handle();
  } else if (at == STAGE_STATUS_OUT) {
    at = STAGE_SETUP;
    arm_out();
    fs_agent_usb_after();
  }
}

/* The whole packet leaves the FIFO, also where there is no room for it. */
static void read_fifo(uint8_t *bytes, uint32_t room, uint32_t length) {
  uint32_t i;
  uint32_t word = 0;
  for (i = 0; i < length; i++) {
    if (i % 4u == 0) word = FIFO0;
    if (i < room) bytes[i] = (uint8_t)(word >> 8u * (i % 4u));
  }
}

static void take_packet(void) {
  uint32_t status = GRXSTSP;
  uint32_t length = status >> 4 & 0x7FFu;
  uint32_t room = sizeof data - gathered; /* gathered is at most the size */
  switch (status >> 17 & 15u) {
    case PACKET_SETUP: read_fifo(setup, sizeof setup, length); break;
    case PACKET_SETUP_DONE: take_setup(); break;
    case PACKET_OUT:
      read_fifo(data + gathered, room, length);
      gathered += length < room ? length : room;
      break;
    case PACKET_OUT_DONE: take_out_done(); break;
    default: break;
  }
}

static void take_sent(void) {
  DIEPINT0 = SENT;
  if (at == STAGE_DATA_IN) {
    if (answer.length > 0 || short_last == FS_YES) {
      send_packet();
      return;
    }
    at = STAGE_STATUS_OUT;
    arm_out();
  } else if (at == STAGE_STATUS_IN) {
    at = STAGE_SETUP;
    arm_out();
    fs_agent_usb_after();
  }
}

/* Sizes in words: 128 to receive, 16 (one packet) to send. */
static void bus_reset(void) {
  DCFG &= ~ADDRESS_MASK;
  GRXFSIZ = 128;
  DIEPTXF0 = 16u << 16 | 128u;
  GRSTCTL = RST_FLUSH_SEND;
  wait_while(&GRSTCTL, RST_FLUSH_SEND, RST_FLUSH_SEND);
  GRSTCTL = RST_FLUSH_RECEIVE;
  wait_while(&GRSTCTL, RST_FLUSH_RECEIVE, RST_FLUSH_RECEIVE);
  at = STAGE_SETUP;
  arm_out();
}

static void start_pins(void) {
  volatile uint32_t *mode = &FS_OTG_REGISTER(FS_OTG_GPIO + 0x00u);
  volatile uint32_t *speed = &FS_OTG_REGISTER(FS_OTG_GPIO + 0x08u);
  volatile uint32_t *function = &FS_OTG_REGISTER(FS_OTG_GPIO + 0x24u);
  *function = (*function & ~0x000FF000u) | 0x000AA000u;
  *speed |= 0x03C00000u;
  *mode = (*mode & ~0x03C00000u) | 0x02800000u;
}

void fs_otg_start(void) {
  fs_otg_clock();
  start_pins();
  GUSBCFG |= 1u << 6; /* PHYSEL: the full-speed transceiver */
  wait_while(&GRSTCTL, RST_IDLE, 0);
  GRSTCTL |= RST_CORE;
  wait_while(&GRSTCTL, RST_CORE, RST_CORE);
  GUSBCFG = (GUSBCFG & ~(15u << 10)) | 1u << 30 | 1u << 6 | 6u << 10; /* FDMOD: device; TRDT for 32 MHz and more */
  GCCFG = FS_OTG_CORE_CONFIG;
  GOTGCTL |= FS_OTG_CONTROL;
  DCFG |= 3u;          /* DSPD: full speed */
  DCTL &= ~(1u << 1); /* SDIS: the pull-up */
}

void fs_otg_poll(void) {
  uint32_t events = GINTSTS;
  if (events & INT_BUS_RESET) {
    GINTSTS = INT_BUS_RESET;
    bus_reset();
  }
  if (events & INT_ENUMERATED) {
    GINTSTS = INT_ENUMERATED;
    DIEPCTL0 &= ~3u; /* packets of 64 bytes */
    DCTL |= 1u << 8; /* CGINAK */
  }
  if (events & INT_RECEIVED) take_packet();
  if (DIEPINT0 & SENT) take_sent();
}
