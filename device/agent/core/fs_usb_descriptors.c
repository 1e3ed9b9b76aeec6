/* See fs_usb_descriptors.h. USB 2.0 section 9.6, USB 3.2 section 9.6.2 (BOS), DFU 1.1 section 4, Microsoft OS
 * 2.0 Descriptors Specification, WebUSB section 4. */
#include "fs_usb_descriptors.h"

#include "fs_board.h"
#include "fs_chip_facts.h"
#include "fs_port.h"
#include "fs_version.h"

#define WORD(value) (uint8_t)((value) & 0xffu), (uint8_t)((value) >> 8)

enum { TYPE_DEVICE = 1, TYPE_CONFIGURATION = 2, TYPE_STRING = 3, TYPE_BOS = 15 };
enum { STRING_MAKER = 1, STRING_PRODUCT = 2, STRING_SERIAL = 3, STRING_PACKAGE = 4, STRING_FRAMES = 5 };

#define VENDOR_AT 8u
#define PRODUCT_AT 10u
/* bcdUSB 2.01: hosts ask for the BOS from there on. The ids are those of the board, where it has some. */
static const uint8_t device[] = {
  18, TYPE_DEVICE, WORD(0x0201u), 0, 0, 0, 64, WORD(FS_USB_VENDOR_ID), WORD(FS_USB_PRODUCT_ID),
  WORD(FS_AGENT_VERSION), STRING_MAKER, STRING_PRODUCT, STRING_SERIAL, 1
};
FS_STATIC_ASSERT(sizeof device == 18u);

/* wDetachTimeOut 255 ms, bcdDFU 1.1. */
#define FUNCTIONAL(attributes) 9, 0x21, (attributes), WORD(0x00ffu), WORD(FS_USB_TRANSFER_MAX), WORD(0x0110u)
#define FUNCTIONAL_SIZE 9u
#define INTERFACE_SIZE 9u
#define CONFIGURATION_SIZE (9u + 2u * (INTERFACE_SIZE + FUNCTIONAL_SIZE))

/* Setting 0 is DFU (0xFE, 1, 2: DFU mode) and can only be written; setting 1 has a vendor's class, so that
 * DFU tools see one interface and need not be told which, and is written and read. Self-powered, 100 mA. */
static const uint8_t configuration[] = {
  9, TYPE_CONFIGURATION, WORD(CONFIGURATION_SIZE), 1, 1, 0, 0xc0, 50,
  9, 4, 0, FS_USB_ALTERNATE_PACKAGE, 0, 0xfe, 1, 2, STRING_PACKAGE, FUNCTIONAL(0x01),
  9, 4, 0, FS_USB_ALTERNATE_FRAMES, 0, 0xff, 0, 0, STRING_FRAMES, FUNCTIONAL(0x07)
};
FS_STATIC_ASSERT(sizeof configuration == CONFIGURATION_SIZE);

/* Set header, compatible id WINUSB, registry property DeviceInterfaceGUIDs (REG_MULTI_SZ, UTF-16). */
#define LETTER(a) (a), 0
#define LETTERS4(a, b, c, d) LETTER(a), LETTER(b), LETTER(c), LETTER(d)
#define MICROSOFT_SIZE 162u
static const uint8_t microsoft[] = {
  WORD(10u), WORD(0u), 0, 0, 3, 6, WORD(MICROSOFT_SIZE),
  WORD(20u), WORD(3u), 'W', 'I', 'N', 'U', 'S', 'B', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  WORD(132u), WORD(4u), WORD(7u), WORD(42u),
  LETTERS4('D', 'e', 'v', 'i'), LETTERS4('c', 'e', 'I', 'n'), LETTERS4('t', 'e', 'r', 'f'),
  LETTERS4('a', 'c', 'e', 'G'), LETTERS4('U', 'I', 'D', 's'), LETTER(0),
  WORD(80u),
  LETTERS4('{', '9', 'A', '0'), LETTERS4('E', '6', 'C', '5'), LETTERS4('1', '-', '4', 'B'),
  LETTERS4('7', '2', '-', '4'), LETTERS4('D', '0', '3', '-'), LETTERS4('A', '6', '1', 'E'),
  LETTERS4('-', '2', 'F', '8'), LETTERS4('B', '3', 'C', '5'), LETTERS4('D', '7', 'E', '9'),
  LETTERS4('0', '}', 0, 0)
};
FS_STATIC_ASSERT(sizeof microsoft == MICROSOFT_SIZE);

#define BOS_SIZE (5u + 28u + 24u)
static const uint8_t bos[] = {
  5, TYPE_BOS, WORD(BOS_SIZE), 2,
  /* Microsoft OS 2.0: D8DD60DF-4589-4CC7-9CD2-659D9E648A9F, from Windows 8.1 on. */
  28, 16, 5, 0, 0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c, 0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f,
  0, 0, 3, 6, WORD(MICROSOFT_SIZE), FS_USB_VENDOR_MICROSOFT, 0,
  /* WebUSB 1.0: 3408b638-09a9-47a0-8bfd-a0768815b665; the last byte is 1 where the
   * board names a landing page. */
  24, 16, 5, 0, 0x38, 0xb6, 0x08, 0x34, 0xa9, 0x09, 0xa0, 0x47, 0x8b, 0xfd, 0xa0, 0x76, 0x88, 0x15, 0xb6, 0x65,
  WORD(0x0100u), FS_USB_VENDOR_WEBUSB, 0
};
FS_STATIC_ASSERT(sizeof bos == BOS_SIZE);

#define TEXT_MAX 32u
static uint8_t made[2u + 2u * TEXT_MAX];

static fs_view view_of(const uint8_t *data, uint32_t length) {
  fs_view view;
  view.data = data;
  view.length = length;
  return view;
}

static void put_letter(uint8_t letter) {
  if (made[0] > sizeof made - 2u) return;
  made[made[0]] = letter;
  made[made[0] + 1u] = 0;
  made[0] = (uint8_t)(made[0] + 2u);
}

static void put_text(const char *text) {
  while (*text) put_letter((uint8_t)*text++);
}

/* The unique id as hexadecimal digits. */
static void put_serial(void) {
  static const char digits[] = "0123456789ABCDEF";
  uint8_t id[FS_UNIQUE_ID_LENGTH];
  uint32_t i;
  fs_port_unique_id(id);
  for (i = 0; i < sizeof id; i++) {
    put_letter((uint8_t)digits[id[i] >> 4]);
    put_letter((uint8_t)digits[id[i] & 15u]);
  }
}

static fs_answer text(uint8_t index, fs_view *found) {
  static const uint8_t languages[] = {4, TYPE_STRING, WORD(0x0409u)};
  made[0] = 2;
  made[1] = TYPE_STRING;
  switch (index) {
    case 0: *found = view_of(languages, sizeof languages); return FS_YES;
    case STRING_MAKER: put_text("firmseal"); break;
    case STRING_PRODUCT: put_text("firmseal agent " FS_CHIP_ID); break;
    case STRING_SERIAL: put_serial(); break;
    case STRING_PACKAGE: put_text("firmseal package"); break;
    case STRING_FRAMES: put_text("firmseal frames"); break;
    default: return FS_NO;
  }
  *found = view_of(made, made[0]);
  return FS_YES;
}

static void put_u16(uint32_t place, uint32_t value) {
  made[place] = (uint8_t)value;
  made[place + 1u] = (uint8_t)(value >> 8);
}

static fs_answer device_or_bos(uint8_t type, fs_view *found) {
  uint32_t length = type == TYPE_DEVICE ? sizeof device : sizeof bos;
  fs_board_usb board;
  FS_STATIC_ASSERT(sizeof bos <= sizeof made);
  memcpy(made, type == TYPE_DEVICE ? device : bos, length);
  if (fs_board_read_usb(&board) == FS_OK) {
    if (type != TYPE_DEVICE) {
      made[BOS_SIZE - 1u] = board.page_length > 0;
    } else {
      put_u16(VENDOR_AT, board.vendor);
      put_u16(PRODUCT_AT, board.product);
    }
  }
  *found = view_of(made, length);
  return FS_YES;
}

fs_answer fs_usb_descriptor(uint8_t type, uint8_t index, fs_view *found) {
  if (type == TYPE_STRING) return text(index, found);
  if (index != 0) return FS_NO;
  if (type == TYPE_DEVICE || type == TYPE_BOS) return device_or_bos(type, found);
  if (type != TYPE_CONFIGURATION) return FS_NO;
  *found = view_of(configuration, sizeof configuration);
  return FS_YES;
}

fs_view fs_usb_functional(uint32_t alternate) {
  uint32_t at = 9u + INTERFACE_SIZE;
  if (alternate == FS_USB_ALTERNATE_FRAMES) at += INTERFACE_SIZE + FUNCTIONAL_SIZE;
  return view_of(configuration + at, FUNCTIONAL_SIZE);
}

#define URL 3u
#define SCHEME_HTTPS 1u

/* wIndex 7: the descriptor set; wIndex 2: the address that wValue numbers. */
fs_answer fs_usb_platform(const fs_usb_setup *setup, fs_view *found) {
  fs_board_usb board;
  if (setup->request == FS_USB_VENDOR_MICROSOFT && setup->index == 7) {
    *found = view_of(microsoft, sizeof microsoft);
    return FS_YES;
  }
  if (setup->request != FS_USB_VENDOR_WEBUSB || setup->index != 2 || setup->value != 1) return FS_NO;
  if (fs_board_read_usb(&board) != FS_OK || board.page_length == 0) return FS_NO;
  FS_STATIC_ASSERT(FS_BOARD_PAGE_MOST <= sizeof made - 3u);
  made[0] = (uint8_t)(3u + board.page_length);
  made[1] = URL;
  made[2] = SCHEME_HTTPS;
  memcpy(made + 3, board.page, board.page_length); /* at most FS_BOARD_PAGE_MOST */
  *found = view_of(made, made[0]);
  return FS_YES;
}
