/* See fs_link.h. */
#include "fs_link.h"

#include "fs_chip_facts.h"
#include "fs_flow.h"
#include "fs_frame.h"
#include "fs_hello.h"
#include "fs_identity.h"
#include "fs_install.h"
#include "fs_journal.h"
#include "fs_line.h"
#include "fs_package.h"
#include "fs_pending.h"
#include "fs_personalize.h"
#include "fs_port.h"
#include "fs_receipt.h"
#include "fs_recovery.h"
#include "fs_session.h"
#include "fs_update.h"

/* The longest answer is [certificate, hello]: 1024 and about 750 bytes. */
#define ANSWER_MAX 1984u
/* Status, and a word: the detail of a fault, the record awaited. */
#define BRIEF_MAX 16u
#define ANSWER_HEAD 4u
#define CRC_SIZE 4u

enum {
  REQUEST_INFO = 0x01,
  REQUEST_HELLO = 0x02,
  REQUEST_PERSONALIZE_BEGIN = 0x10,
  REQUEST_PERSONALIZE_FINISH = 0x11,
  REQUEST_PERSONALIZE_PROTECT = 0x12,
  REQUEST_PERSONALIZE_ENROL = 0x13,
  REQUEST_PACKAGE = 0x20,
  REQUEST_LICENSE = 0x21,
  REQUEST_RECORD = 0x22,
  REQUEST_RECEIPT = 0x24,
  REQUEST_ACKNOWLEDGE = 0x25,
  REQUEST_START = 0x26,
  REQUEST_AGENT_RECEIPT = 0x27,
  REQUEST_RECOVER = 0x30,
  ANSWER_BIT = 0x80
};

/* What follows once the answer was sent. */
typedef enum { AFTER_NOTHING, AFTER_RESET, AFTER_PROTECT, AFTER_LAUNCH } after;

/* A record begins behind type, sequence and index: two bytes ahead of the frame put it on a
 * word, and copies go by words. */
static struct {
  uint8_t ahead[2];
  uint8_t bytes[FS_CONTENT_MAX];
} frame __attribute__((aligned(4)));
static uint8_t *const request = frame.bytes;
static const fs_buffer whole_request = {frame.bytes, sizeof frame.bytes};
/*
 * The answer stays until the next request, which may be the same one again. Long answers are to short
 * requests, and stand in the frame buffer's end; when other bytes came over them,
 * the request is served again.
 */
#define TAIL_AT (FS_CONTENT_MAX - ANSWER_MAX)
static uint8_t brief[BRIEF_MAX];
static uint8_t *answer = brief;
static uint32_t answer_length; /* 0: nothing was answered yet */
static uint32_t answered_crc;
static fs_frame_reader reader;
static fs_answer lent = FS_NO;     /* the request buffer holds something else */
static after due = AFTER_NOTHING;  /* once the answer was fetched */

typedef struct {
  fs_buffer body;
  fs_view view; /* the same */
  fs_writer payload;
  uint32_t detail;
  after then;
} exchange;

static fs_result do_license(exchange *now) {
  fs_answer apply;
  FS_TRY(fs_install_license(now->body, &apply));
  fs_write_uint(&now->payload, apply == FS_YES ? 1 : 0);
  if (apply == FS_YES) now->then = AFTER_LAUNCH;
  return FS_OK;
}

static fs_result do_record(exchange *now) {
  fs_buffer record;
  uint8_t awaited[4];
  FS_REQUIRE(fs_session.phase == FS_PHASE_RECORDS || fs_session.phase == FS_PHASE_DONE, FS_ERR_REQUEST_OUT_OF_STATE);
  FS_REQUIRE(now->body.length >= 4, FS_ERR_REQUEST_MALFORMED);
  record.data = now->body.data + 4;
  record.length = now->body.length - 4u; /* at least 0 */
  FS_TRY(fs_install_record(fs_get_u32le(now->body.data), record, &now->detail));
  fs_put_u32le(awaited, now->detail);
  fs_write_raw(&now->payload, awaited, sizeof awaited);
  return FS_OK;
}

static fs_result do_finish(exchange *now) {
  volatile fs_result result = fs_personalize_finish(now->view); /* looked at again where it is given back */
  if (result == FS_OK) now->then = AFTER_PROTECT;
  return result;
}

static fs_result do_protect(exchange *now) {
  FS_TRY(fs_personalize_protect_first(now->view));
  now->then = AFTER_LAUNCH;
  return FS_OK;
}

static fs_result do_start(exchange *now) {
  FS_REQUIRE(fs_identity_present() == FS_YES, FS_ERR_NOT_PERSONALIZED);
  FS_REQUIRE(fs_life_boots() == FS_YES || fs_now.life_cycle == FS_LIFE_TRIAL || fs_update_is_due() == FS_YES,
             FS_ERR_REQUEST_OUT_OF_STATE);
  FS_REQUIRE(now->view.length == 0, FS_ERR_REQUEST_MALFORMED);
  now->then = AFTER_RESET;
  return FS_OK;
}

/* Requests of few bytes with answers of many. Serving one twice does no harm. */
static fs_answer is_long(uint8_t type) {
  switch (type) {
    case REQUEST_INFO:
    case REQUEST_HELLO:
    case REQUEST_PERSONALIZE_BEGIN:
    case REQUEST_PERSONALIZE_ENROL:
    case REQUEST_RECEIPT:
    case REQUEST_AGENT_RECEIPT: return FS_YES;
    default: return FS_NO;
  }
}

/* Without a journal; a type that nobody knows is told so. */
static fs_answer serves_a_lost_chip(uint8_t type) {
  switch (type) {
    case REQUEST_PERSONALIZE_BEGIN:
    case REQUEST_PERSONALIZE_FINISH:
    case REQUEST_PERSONALIZE_PROTECT:
    case REQUEST_PERSONALIZE_ENROL:
    case REQUEST_PACKAGE:
    case REQUEST_LICENSE:
    case REQUEST_RECORD:
    case REQUEST_RECEIPT:
    case REQUEST_START: return FS_NO;
    default: return FS_YES;
  }
}

/* Why a chip without a journal takes no work. */
static fs_result why_lost(void) {
  return fs_journal_fault() == FS_ERR_JOURNAL_NEWER ? FS_ERR_JOURNAL_NEWER : FS_ERR_RECOVERY_NEEDED;
}

static fs_result dispatch(uint8_t type, exchange *now) {
  fs_answer empty = now->view.length == 0 ? FS_YES : FS_NO;
  switch (type) {
    case REQUEST_INFO:
    case REQUEST_ACKNOWLEDGE: FS_REQUIRE(empty == FS_YES, FS_ERR_REQUEST_MALFORMED);
    default: break;
  }
  /* Another agent made its identity, and may come back: nothing is done to it. */
  if (fs_identity_is_newer() == FS_YES) FS_REQUIRE(type == REQUEST_INFO, FS_ERR_IDENTITY_NEWER);
  /* Defence recovery-nothing-else */
  if (fs_recovery_needed() == FS_YES) FS_REQUIRE(serves_a_lost_chip(type) == FS_YES, why_lost());
  switch (type) {
    case REQUEST_RECOVER: return fs_recovery_accept(now->view);
    case REQUEST_INFO: fs_info_write(&now->payload); return now->payload.status;
    case REQUEST_HELLO: return fs_hello_answer(&now->payload, now->view);
    case REQUEST_PERSONALIZE_BEGIN: return fs_personalize_begin(now->view, &now->payload);
    case REQUEST_PERSONALIZE_FINISH: return do_finish(now);
    case REQUEST_PERSONALIZE_PROTECT: return do_protect(now);
    case REQUEST_PERSONALIZE_ENROL: return fs_personalize_enrol(now->view, &now->payload);
    case REQUEST_PACKAGE: return fs_package_accept(now->view);
    case REQUEST_LICENSE: return do_license(now);
    case REQUEST_RECORD: return do_record(now);
    case REQUEST_RECEIPT: return fs_receipt_write(&now->payload, now->view);
    case REQUEST_AGENT_RECEIPT: return fs_receipt_write_agent(&now->payload, now->view);
    case REQUEST_ACKNOWLEDGE: return FS_OK;
    case REQUEST_START: return do_start(now);
    default: return FS_ERR_REQUEST_UNKNOWN;
  }
}

/* What the flow word is after a request of the type that was served. */
static uint32_t flow_of(uint8_t type) {
  /* Defence flow-answer */
  switch (type) {
    case REQUEST_PACKAGE: return FS_FLOW_PACKAGE_DONE;
    case REQUEST_LICENSE: return FS_FLOW_LICENSE_DONE;
    case REQUEST_RECORD: return FS_FLOW_RECORD_DONE;
    case REQUEST_RECOVER: return FS_FLOW_RECOVERY_DONE;
    case REQUEST_HELLO:
    case REQUEST_PERSONALIZE_BEGIN:
    case REQUEST_RECEIPT:
    case REQUEST_AGENT_RECEIPT: return FS_FLOW_SIGNED;
    default: return FS_FLOW_IDLE;
  }
}

/* A glitch that was seen may have written anywhere: nothing that RAM holds of session and journal is kept. */
static void forget(void) {
  fs_session_end();
  if (fs_identity_present() == FS_YES) (void)fs_journal_recall();
}

static void finish_answer(uint8_t type, uint8_t sequence, fs_result result, const exchange *now) {
  uint32_t status = result == FS_OK ? 0 : result;
  if (result == FS_OK && now->payload.status != FS_OK) status = FS_ERR_INTERNAL_CHECK_FAILED;
  if (status == 0 && fs_flow != flow_of(type)) status = FS_ERR_INTERNAL_CHECK_FAILED;
  answer[0] = type | ANSWER_BIT;
  answer[1] = sequence;
  answer[2] = (uint8_t)status;
  answer[3] = (uint8_t)(status >> 8); /* every fault's number is below 65536 */
  answer_length = ANSWER_HEAD + now->payload.length;
  if (status == FS_ERR_INTERNAL_CHECK_FAILED) forget();
  if (status != 0) {
    fs_put_u32le(answer + ANSWER_HEAD, now->detail);
    answer_length = ANSWER_HEAD + 4u;
  }
}

/* No success is told but by a request that was served: a fault that was not put down can be any word. */
static void check_answer(uint8_t type, fs_result result) {
  if ((answer[2] | answer[3]) != 0) return;
  if (result != FS_OK || fs_flow != flow_of(type)) answer[3] = 0xffu;
}

static void follow(after then) {
  due = AFTER_NOTHING;
  if (then == AFTER_NOTHING) return;
  fs_session_end();
  if (then == AFTER_PROTECT) fs_personalize_protect();
  if (then == AFTER_LAUNCH) fs_port_option_launch();
  fs_port_reset();
}

/* Whether the request is the one answered last, and its answer whole: it carries the
 * CRC with which it was sent. */
static fs_answer is_repeat(uint8_t type, uint8_t sequence, uint32_t crc) {
  if (answer_length == 0 || answered_crc != crc) return FS_NO;
  if (answer[0] != (type | ANSWER_BIT) || answer[1] != sequence) return FS_NO;
  return fs_crc32(answer, answer_length) == fs_get_u32le(answer + answer_length) ? FS_YES : FS_NO;
}

/* A frame with a right CRC: a repeat of the request answered last, or a request. Kept
 * out of the path of a byte. */
static void __attribute__((noinline)) handle(uint32_t length) {
  uint8_t type = request[0];
  uint8_t sequence = request[1];
  uint32_t crc = fs_get_u32le(request + length - CRC_SIZE);
  exchange now;
  /* From memory at each look: one that was left out does not become another's, nor one from before. */
  volatile fs_result result = FS_ERR_INTERNAL_CHECK_FAILED;
  uint32_t room = BRIEF_MAX;
  if (is_repeat(type, sequence, crc) == FS_YES) {
    fs_frame_send(answer, answer_length);
    return;
  }
  now.body.data = request + 2;
  now.body.length = length - 6u; /* a frame has 6 bytes at least */
  now.view.data = now.body.data;
  now.view.length = now.body.length;
  answer = brief;
  if (is_long(type) == FS_YES && length <= TAIL_AT) {
    answer = frame.bytes + TAIL_AT;
    room = ANSWER_MAX;
  }
  now.payload = fs_writer_open(answer + ANSWER_HEAD, room - ANSWER_HEAD - CRC_SIZE);
  now.detail = 0;
  now.then = AFTER_NOTHING;
  answer_length = 0;
  fs_pending_begin(sequence);
  FS_FLOW_BEGIN(FS_FLOW_IDLE);
  result = dispatch(type, &now);
  fs_pending_end();
  finish_answer(type, sequence, result, &now);
  check_answer(type, result);
  FS_FLOW_BEGIN(FS_FLOW_IDLE);
  answered_crc = crc;
  fs_frame_send(answer, answer_length);
  fs_wipe(&frame, sizeof frame.ahead + length); /* from a word on: at most all of it */
  if (result != FS_OK) return;
  if (fs_line_is_fetched() == FS_YES) due = now.then;
  else follow(now.then);
}

void fs_link_receive(const uint8_t *bytes, uint32_t length) {
  uint32_t i;
  if (lent == FS_YES) return;
  for (i = 0; i < length; i++) {
    /* Where bytes wait for the core, and not the core for bytes, their number matters. */
    if (FS_WINDOW > 1u) {
      i += fs_frame_take_run(&reader, &whole_request, bytes + i, length - i);
      if (i == length) return;
    }
    if (fs_frame_take(&reader, &whole_request, bytes[i]) != FS_YES) continue;
    handle(reader.length);
    memset(&reader, 0, sizeof reader);
  }
}

fs_answer fs_link_was_asked(void) { return answer_length != 0 ? FS_YES : FS_NO; }

void fs_link_exchange(const uint8_t *bytes, uint32_t length) {
  fs_link_follow(); /* the host did not wait for it */
  fs_line_fetched_by_host(FS_YES);
  fs_link_receive(bytes, length);
  fs_line_fetched_by_host(FS_NO);
}

void fs_link_follow(void) { follow(due); }

fs_buffer fs_link_lend(void) {
  memset(&reader, 0, sizeof reader);
  lent = FS_YES;
  return whole_request;
}

void fs_link_give_back(void) {
  fs_wipe(&frame, sizeof frame);
  lent = FS_NO;
}
