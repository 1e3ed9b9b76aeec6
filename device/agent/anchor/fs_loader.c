/* See fs_loader.h. */
#include "fs_loader.h"

#include "fs_anchor.h"
#include "fs_anchor_block.h"
#include "fs_cbor.h"
#include "fs_chip.h"
#include "fs_flash.h"
#include "fs_frame.h"
#include "fs_pending.h"
#include "fs_port.h"
#include "fs_slot.h"

enum { REQUEST_INFO = 0x01, REQUEST_HEADER = 0x40, REQUEST_CODE = 0x41, ANSWER_BIT = 0x80 };

#define CODE_MOST 1024u
/* Type, sequence, offset, code, CRC. */
#define CONTENT_MOST (2u + 4u + CODE_MOST + 4u)
#define ANSWER_MOST 128u
#define LINK_VERSION 1u
#define NOTHING 0u

/* Content begins two bytes behind a word, so that code stands on one. */
static struct {
  uint8_t ahead[2];
  uint8_t bytes[CONTENT_MOST];
} frame __attribute__((aligned(4)));
static const fs_buffer whole = {frame.bytes, sizeof frame.bytes};
static fs_frame_reader reader;
static uint8_t answer[ANSWER_MOST];
static uint32_t answer_length; /* 0: nothing was answered yet */
static uint32_t answered_crc;

/* The head waits in RAM: without it flash holds no image. `next` NOTHING: no header was taken. */
static uint8_t head[FS_AGENT_HEAD_BYTES];
static uint32_t next;
static uint32_t end;

/* {0: version of the link, 1: chip id, 32: true}: key 32 says that the loader
 * answers, and no agent is there. */
static void write_info(fs_writer *writer) {
  fs_write_map(writer, 3);
  fs_write_uint(writer, 0);
  fs_write_uint(writer, LINK_VERSION);
  fs_write_uint(writer, 1);
  fs_write_text(writer, FS_CHIP_ID);
  fs_write_uint(writer, 32);
  fs_write_bool(writer, FS_YES);
}

/* The header passes but for the code that is still to come; slot A is erased, and gets
 * the header without its head. */
static fs_result take_header(fs_view body) {
  fs_anchor_data trust;
  fs_agent_facts facts;
  next = NOTHING;
  FS_REQUIRE(body.length == FS_AGENT_HEADER_LENGTH, FS_ERR_REQUEST_MALFORMED);
  FS_TRY(fs_anchor_block_read(&trust));
  fs_pending_tell(4000);
  FS_TRY(fs_agent_image_check_header(body.data, &trust, &facts));
  FS_TRY(fs_slot_erase(FS_AGENT_START));
  FS_TRY(fs_flash_write(FS_AGENT_START + FS_AGENT_HEAD_BYTES, body.data + FS_AGENT_HEAD_BYTES,
                        FS_AGENT_HEADER_LENGTH - FS_AGENT_HEAD_BYTES));
  memcpy(head, body.data, sizeof head);
  next = FS_AGENT_HEADER_LENGTH;
  end = FS_AGENT_HEADER_LENGTH + facts.code_length;
  return FS_OK;
}

/* All of the code is there: the image counts from the write of its head on. */
static fs_result finish(void) {
  fs_anchor_data trust;
  fs_agent_facts facts;
  next = NOTHING;
  FS_TRY(fs_anchor_block_read(&trust));
  fs_pending_tell(4000);
  FS_TRY(fs_agent_image_check_held(FS_AGENT_START, head, &trust, &facts));
  return fs_flash_write(FS_AGENT_START, head, sizeof head);
}

/* `offset` (4 bytes, little-endian) from the start of the image, and the bytes that stand there. */
static fs_result take_code(fs_view body, uint32_t *awaited) {
  uint32_t length;
  FS_REQUIRE(next != NOTHING, FS_ERR_REQUEST_OUT_OF_STATE);
  *awaited = next;
  FS_REQUIRE(body.length > 4, FS_ERR_REQUEST_MALFORMED);
  length = body.length - 4u;
  FS_REQUIRE(fs_get_u32le(body.data) == next, FS_ERR_REQUEST_OUT_OF_STATE);
  FS_REQUIRE(length <= end - next && length % FS_FLASH_GRAIN == 0, FS_ERR_REQUEST_MALFORMED);
  FS_TRY(fs_flash_write(FS_AGENT_START + next, body.data + 4, length));
  next += length;
  *awaited = next;
  return next == end ? finish() : FS_OK;
}

static fs_result serve(uint8_t type, fs_view body, fs_writer *payload, uint32_t *detail) {
  uint8_t awaited[4];
  switch (type) {
    case REQUEST_INFO:
      FS_REQUIRE(body.length == 0, FS_ERR_REQUEST_MALFORMED);
      write_info(payload);
      return payload->status;
    case REQUEST_HEADER: return take_header(body);
    case REQUEST_CODE:
      FS_TRY(take_code(body, detail));
      fs_put_u32le(awaited, *detail);
      fs_write_raw(payload, awaited, sizeof awaited);
      return FS_OK;
    default: return FS_ERR_REQUEST_UNKNOWN;
  }
}

static void handle(uint32_t length) {
  uint8_t type = frame.bytes[0];
  uint8_t sequence = frame.bytes[1];
  uint32_t crc = fs_get_u32le(frame.bytes + length - 4u);
  uint32_t before = end;
  uint32_t detail = 0;
  fs_view body;
  fs_writer payload;
  fs_result result;
  if (answer_length == 0 || answered_crc != crc || answer[1] != sequence) {
    body.data = frame.bytes + 2;
    body.length = length - 6u; /* a frame has 6 bytes at least */
    payload = fs_writer_open(answer + 4, sizeof answer - 8u);
    fs_pending_begin(sequence);
    result = serve(type, body, &payload, &detail);
    fs_pending_end();
    answer[0] = type | ANSWER_BIT;
    answer[1] = sequence;
    answer[2] = result == FS_OK ? 0 : (uint8_t)result;
    answer[3] = result == FS_OK ? 0 : (uint8_t)(result >> 8);
    answer_length = 4u + payload.length;
    if (result != FS_OK) {
      fs_put_u32le(answer + 4, detail);
      answer_length = 8u;
    }
    answered_crc = crc;
  }
  fs_frame_send(answer, answer_length);
  /* The last piece passed: the reset finds the agent. */
  if (answer[0] == (REQUEST_CODE | ANSWER_BIT) && (answer[2] | answer[3]) == 0 && next == NOTHING && before != 0)
    fs_port_reset();
}

void fs_loader_receive(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  for (i = 0; i < length; i++) {
    if (fs_frame_take(&reader, &whole, bytes[i]) != FS_YES) continue;
    handle(reader.length);
    memset(&reader, 0, sizeof reader);
  }
}
