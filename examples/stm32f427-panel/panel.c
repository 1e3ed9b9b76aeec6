/* The example application: an operating panel. It greets, checks its assets, draws its screen into memory (a
 * real panel would send it to a display) and answers single letters: t self-test again, s screen as text, v
 * version. Assets (make-assets.mjs writes them): directory { magic, version, count, 0 }
 * { name[8], offset, size, CRC-32 }*count. */

#include "console.h"

#ifndef PANEL_VERSION
#error build.sh passes PANEL_VERSION and PANEL_BUILD
#endif

struct asset {
  char name[8]; /* padded with NUL; never all 8 used */
  uint32_t offset;
  uint32_t size_bytes;
  uint32_t crc;
};

struct directory {
  uint32_t magic;
  uint32_t version;
  uint32_t count;
  uint32_t reserved;
  struct asset asset[];
};

_Static_assert(sizeof(struct asset) == 20, "as make-assets.mjs writes it");
_Static_assert(sizeof(struct directory) == 16, "as make-assets.mjs writes it");

extern const struct directory assets;

enum { ASSET_MAGIC = 0x41505346, ASSET_COUNT_MOST = 16 };
enum { SCREEN_WIDTH = 128, SCREEN_HEIGHT = 32, SCREEN_STRIDE_BYTES = SCREEN_WIDTH / 8 };

/* Settings that an operator may change while the panel runs: initial values come from flash (.data). */
struct settings {
  char title[16];
  uint32_t contrast_percent;
  uint32_t passes; /* self-tests passed since reset */
};

static struct settings settings = { .title = "PANEL " PANEL_VERSION, .contrast_percent = 60, .passes = 0 };
static uint8_t screen[SCREEN_HEIGHT * SCREEN_STRIDE_BYTES];

/* CRC-32/ISO-HDLC, bit by bit: 100 KiB take a moment, as a real self-test does. */
static uint32_t crc32(const uint8_t *bytes, uint32_t size_bytes)
{
  uint32_t crc = 0xffffffffu;
  for (uint32_t i = 0; i < size_bytes; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
  }
  return ~crc;
}

static const uint8_t *asset_bytes(const struct asset *asset)
{
  return (const uint8_t *)&assets + asset->offset;
}

/* Prints a line an asset and a verdict; 0 when all checksums hold. */
static int self_test(void)
{
  int bad = assets.magic != ASSET_MAGIC || assets.count > ASSET_COUNT_MOST;
  for (uint32_t i = 0; !bad && i < assets.count; i++) {
    const struct asset *asset = &assets.asset[i];
    const uint32_t found = crc32(asset_bytes(asset), asset->size_bytes);
    console_text("asset ");
    console_text(asset->name);
    console_text(" ");
    console_decimal(asset->size_bytes);
    console_text(" bytes crc ");
    console_hex(found);
    console_text(found == asset->crc ? " ok\n" : " BAD\n");
    bad |= found != asset->crc;
  }
  settings.passes += bad ? 0u : 1u;
  console_text(bad ? "self-test FAILED\n" : "self-test passed\n");
  return bad;
}

/* The small font: 96 characters from blank on, 8 by 16 pixels, a byte a row, the leftmost pixel in bit 7. */
static const uint8_t *small_font(void)
{
  for (uint32_t i = 0; i < assets.count; i++) {
    if (assets.asset[i].name[0] == 'f' && assets.asset[i].name[4] == '8') {
      return asset_bytes(&assets.asset[i]);
    }
  }
  return 0;
}

static void draw_text(const char *text, uint32_t column, uint32_t row)
{
  const uint8_t *font = small_font();
  for (; font != 0 && *text != '\0' && column < SCREEN_STRIDE_BYTES; text++, column++) {
    const uint8_t *glyph = font + 16u * ((uint8_t)*text - 0x20u);
    for (uint32_t y = 0; y < 16; y++) {
      screen[(row * 16u + y) * SCREEN_STRIDE_BYTES + column] = glyph[y];
    }
  }
}

static void draw_screen(int failed)
{
  draw_text(settings.title, 0, 0);
  draw_text(failed ? "ASSETS DAMAGED" : "READY", 0, 1);
}

static void show_screen(void)
{
  for (uint32_t y = 0; y < SCREEN_HEIGHT; y++) {
    for (uint32_t x = 0; x < SCREEN_WIDTH; x++) {
      console_text(screen[y * SCREEN_STRIDE_BYTES + x / 8] >> (7 - x % 8) & 1 ? "#" : ".");
    }
    console_text("\n");
  }
}

static void greet(void)
{
  console_text("firmseal example panel " PANEL_VERSION ", build " PANEL_BUILD "\n");
}

int main(void)
{
  console_open();
  greet();
  draw_screen(self_test());
  console_text("screen crc ");
  console_hex(crc32(screen, sizeof screen));
  console_text("\nready\n");
  for (;;) {
    const char command = console_wait();
    if (command == 't') {
      draw_screen(self_test());
    } else if (command == 's') {
      show_screen();
    } else if (command == 'v') {
      greet();
    }
  }
}
