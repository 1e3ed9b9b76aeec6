/*
 * See fs_usb_bus.h. Synopsys OTG core as RM0090 chapter 34 and RM0433 chapter 57 describe it, slave mode (no
 * DMA), endpoint 0 alone. Requests are core/fs_usb.h's; SET_ADDRESS is here. No wait is without an end: what
 * does not come within it leaves USB off, or is come back to at the next poll.
 */
#include "fs_agent.h"
#include "fs_board.h"
#include "fs_otg.h"
#include "fs_stm32.h"
#include "fs_usb_bus.h"

#define REGISTER(offset) FS_REGISTER(FS_OTG + (offset))
#define GOTGCTL REGISTER(0x000u)
#define GOTGINT REGISTER(0x004u)
#define GUSBCFG REGISTER(0x00Cu)
#define GRSTCTL_AT 0x010u
#define GRSTCTL REGISTER(GRSTCTL_AT)
#define GINTSTS REGISTER(0x014u)
#define GRXSTSP REGISTER(0x020u)
#define GRXFSIZ REGISTER(0x024u)
#define DIEPTXF0 REGISTER(0x028u)
#define GCCFG REGISTER(0x038u)
#define DCFG REGISTER(0x800u)
#define DCTL REGISTER(0x804u)
#define DIEPCTL0 REGISTER(0x900u)
#define DIEPINT0_AT 0x908u
#define DIEPINT0 REGISTER(DIEPINT0_AT)
#define DIEPTSIZ0 REGISTER(0x910u)
#define DOEPCTL0 REGISTER(0xB00u)
#define DOEPTSIZ0 REGISTER(0xB10u)
#define FIFO0 REGISTER(0x1000u)

#define CONFIG_FULL_SPEED (1u << 6)   /* PHYSEL */
#define CONFIG_FORCE_DEVICE (1u << 30) /* FDMOD */
#define CONFIG_TURNAROUND (6u << 10)   /* TRDT, for a bus of 32 MHz and more */
#define CONFIG_TURNAROUND_MASK (15u << 10)
#define RST_CORE (1u << 0)
#define RST_FLUSH_RECEIVE (1u << 4)
#define RST_FLUSH_SEND (1u << 5) /* FIFO 0 */
#define RST_IDLE (1u << 31)
#define INT_HOST_MODE (1u << 0)
#define INT_SESSION (1u << 2)
#define INT_RECEIVED (1u << 4)
#define INT_SUSPENDED (1u << 11)
#define INT_BUS_RESET (1u << 12)
#define INT_ENUMERATED (1u << 13)
#define SOFT_DISCONNECT (1u << 1)
#define CLEAR_GLOBAL_IN_NAK (1u << 8)
#define CTL_PACKET_CODE 3u /* 0: 64 bytes */
#define CTL_STALL (1u << 21)
#define CTL_CLEAR_NAK (1u << 26)
#define CTL_SET_NAK (1u << 27)
#define CTL_DISABLE (1u << 30)
#define CTL_ENABLE (1u << 31)
#define SENT (1u << 0)     /* DIEPINT0.XFRC */
#define DISABLED (1u << 1) /* DIEPINT0.EPDISD */
#define SETUPS_AWAITED (3u << 29)
#define ONE_PACKET (1u << 19)
#define ADDRESS_MASK (0x7Fu << 4)
/* In words: of what the FIFOs share, 128 to receive and 16 (one packet) to send. */
#define RECEIVE_WORDS 128u
#define SEND_WORDS 16u

enum { PACKET_OUT = 2, PACKET_OUT_DONE = 3, PACKET_SETUP_DONE = 4, PACKET_SETUP = 6 };
enum { PACKET_BYTES = 64, WAIT_TURNS = 300000, SET_ADDRESS = 5 };

typedef enum {
  STAGE_OFF,
  STAGE_MODE, /* the core becomes a device */
  STAGE_SETUP,
  STAGE_DATA_OUT,
  STAGE_DATA_IN,
  STAGE_STATUS_IN,
  STAGE_STATUS_OUT
} stage;

static stage at = STAGE_OFF;
static uint32_t sensing; /* VBUS has a pin */
static uint8_t setup[FS_USB_SETUP_SIZE];
static uint8_t data[FS_USB_TRANSFER_MAX];
static uint32_t gathered;
static fs_view answer;       /* what is left of it */
static fs_answer short_last; /* the host asked for more than there is: a packet of less than 64 bytes ends it */

static uint32_t announced(void) { return (uint32_t)setup[6] | (uint32_t)setup[7] << 8; }

fs_answer fs_otg_await(uint32_t address, uint32_t mask, uint32_t value) {
  uint32_t turns;
  for (turns = 0; turns < WAIT_TURNS; turns++)
    if ((FS_REGISTER(address) & mask) == value) return FS_YES;
  return FS_NO;
}

static void flush(uint32_t which) {
  GRSTCTL = which;
  (void)fs_otg_await(FS_OTG + GRSTCTL_AT, which, 0);
}

/* One packet of data may come. Setup packets come at any time. */
static void arm_out(void) {
  DOEPTSIZ0 = SETUPS_AWAITED | ONE_PACKET | PACKET_BYTES;
  DOEPCTL0 |= CTL_ENABLE | CTL_CLEAR_NAK;
}

/* What the host will not fetch any more: the FIFO would give it out as the beginning of the next answer. */
static void cut_in(void) {
  at = STAGE_SETUP;
  if (DIEPCTL0 & CTL_ENABLE) {
    DIEPCTL0 |= CTL_SET_NAK | CTL_DISABLE;
    (void)fs_otg_await(FS_OTG + DIEPINT0_AT, DISABLED, DISABLED);
  }
  /* Defence usb-flush */
  flush(RST_FLUSH_SEND);
  DIEPINT0 = SENT | DISABLED;
}

static void send_packet(void) {
  uint32_t length = answer.length < PACKET_BYTES ? answer.length : PACKET_BYTES;
  uint32_t i;
  DIEPTSIZ0 = ONE_PACKET | length;
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
  at = STAGE_STATUS_IN;
  if ((setup[0] & 0x80u) == 0) {
    answer.length = 0;
  } else if (announced() != 0) {
    at = STAGE_DATA_IN;
    short_last = answer.length < announced() ? FS_YES : FS_NO;
  } else {
    /* No data stage: the host sends the status. */
    at = STAGE_STATUS_OUT;
    arm_out();
    return;
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
    case PACKET_SETUP:
      cut_in();
      read_fifo(setup, sizeof setup, length);
      break;
    case PACKET_SETUP_DONE:
      DOEPTSIZ0 = SETUPS_AWAITED;
      fs_otg_trim();
      take_setup();
      break;
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
    fs_agent_usb_after();
  }
}

static void bus_reset(void) {
  cut_in();
  DOEPCTL0 |= CTL_SET_NAK;
  flush(RST_FLUSH_RECEIVE);
  DCFG &= ~ADDRESS_MASK;
  DOEPTSIZ0 = SETUPS_AWAITED;
  fs_agent_usb_reset();
}

/* The core is in device mode; from here on the host sees it. */
static void connect(void) {
  DCTL |= SOFT_DISCONNECT;
  DCFG |= 3u; /* DSPD: full speed */
  GCCFG = fs_otg_core_config(sensing);
  GOTGCTL |= fs_otg_control(sensing);
  GRXFSIZ = RECEIVE_WORDS;
  DIEPTXF0 = SEND_WORDS << 16 | RECEIVE_WORDS;
  flush(RST_FLUSH_SEND);
  flush(RST_FLUSH_RECEIVE);
  GINTSTS = 0xFFFFFFFFu;
  GOTGINT = 0xFFFFFFFFu;
  DCTL &= ~SOFT_DISCONNECT;
  at = STAGE_SETUP;
}

void fs_usb_bus_start(void) {
  fs_board_usb board;
  if (at != STAGE_OFF || fs_board_read_usb(&board) != FS_OK) return;
  sensing = board.flags & FS_BOARD_USB_SENSING;
  if (fs_otg_clock(&board) != FS_YES) return;
  fs_gpio_clock(FS_GPIOA);
  fs_pin_alternate(FS_GPIOA, 11u, FS_OTG_PIN_FUNCTION);
  fs_pin_alternate(FS_GPIOA, 12u, FS_OTG_PIN_FUNCTION);
  FS_REGISTER(FS_GPIOA + 0x0Cu) &= ~(15u << 22); /* PUPDR: the transceiver has its own pull-up */
  GUSBCFG |= CONFIG_FULL_SPEED;
  if (fs_otg_await(FS_OTG + GRSTCTL_AT, RST_IDLE, RST_IDLE) != FS_YES) return;
  GRSTCTL |= RST_CORE;
  if (fs_otg_await(FS_OTG + GRSTCTL_AT, RST_CORE | RST_IDLE, RST_IDLE) != FS_YES) return;
  GUSBCFG = (GUSBCFG & ~CONFIG_TURNAROUND_MASK) | CONFIG_FORCE_DEVICE | CONFIG_FULL_SPEED | CONFIG_TURNAROUND;
  at = STAGE_MODE;
}

void fs_usb_bus_poll(void) {
  uint32_t events;
  if (at == STAGE_OFF) return;
  events = GINTSTS;
  if (at == STAGE_MODE) {
    /* FDMOD takes 25 ms (RM0090 34.16.2); until then no register of device mode can be written. */
    if ((events & INT_HOST_MODE) == 0) connect();
    return;
  }
  GINTSTS = events & (INT_SUSPENDED | INT_BUS_RESET | INT_ENUMERATED);
  if (events & INT_SESSION) GOTGINT = GOTGINT;
  /* A cable that is pulled is an idle bus, or the end of a session: what was under way is given up. */
  if (events & (INT_SUSPENDED | INT_SESSION)) fs_agent_usb_suspend();
  if (events & INT_BUS_RESET) bus_reset();
  if (events & INT_ENUMERATED) {
    DIEPCTL0 &= ~CTL_PACKET_CODE;
    DCTL |= CLEAR_GLOBAL_IN_NAK;
  }
  /* What was sent comes before what was received: a setup packet may have followed it. */
  if (DIEPINT0 & SENT) take_sent();
  if (events & INT_RECEIVED) take_packet();
}
