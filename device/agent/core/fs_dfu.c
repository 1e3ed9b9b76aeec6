/* See fs_dfu.h. A download stores its block; each GETSTATUS announces one step of work,
 * which runs once it is answered. */
#include "fs_dfu.h"

#include "fs_dfu_status.h"
#include "fs_download.h"
#include "fs_estimate.h"
#include "fs_link.h"
#include "fs_port.h"
#include "fs_session.h"
#include "fs_usb_frames.h"

enum { DNLOAD = 1, UPLOAD = 2, GETSTATUS = 3, CLRSTATUS = 4, GETSTATE = 5, ABORT = 6 };

/* DFU 1.1 section 6.1.2. */
typedef enum {
  IDLE = 2,
  DNLOAD_SYNC = 3,
  DNBUSY = 4,
  DNLOAD_IDLE = 5,
  MANIFEST_SYNC = 6,
  MANIFEST = 7,
  MANIFEST_WAIT_RESET = 8,
  UPLOAD_IDLE = 9,
  ERROR = 10
} dfu_state;

/* What follows once the answer under way has reached the host. */
typedef enum { AFTER_NOTHING, AFTER_STEP, AFTER_FINISH, AFTER_RESET, AFTER_LAUNCH, AFTER_FETCHED } after;

static dfu_state state = IDLE;
static uint8_t status;
static uint32_t alternate;
static uint8_t block[FS_USB_TRANSFER_MAX];
static fs_view left; /* of the block */
static fs_result fault;
static uint32_t fault_detail;
static after due = AFTER_NOTHING;
static uint8_t reply[6];

uint32_t fs_dfu_alternate(void) { return alternate; }
uint32_t fs_dfu_fault(void) { return fault; }
uint32_t fs_dfu_fault_detail(void) { return fault_detail; }

static void idle(void) {
  if (alternate == FS_USB_ALTERNATE_PACKAGE) fs_download_end();
  fs_wipe(block, sizeof block);
  left.length = 0;
  due = AFTER_NOTHING;
  status = FS_DFU_OK;
  state = IDLE;
}

void fs_dfu_select(uint32_t chosen) {
  idle();
  fs_usb_frames_clear();
  alternate = chosen;
}

/* The request does not fit the state: DFU 1.1 section 6.1.2, errSTALLEDPKT. An error stays what it was. */
static fs_answer refuse(void) {
  if (state == ERROR) return FS_NO;
  idle();
  state = ERROR;
  status = FS_DFU_STALLED;
  return FS_NO;
}

static void fail(fs_result result) {
  fault_detail = fs_session.next_index;
  idle();
  fault = result;
  status = fs_dfu_status(result);
  state = ERROR;
}

/* DFU 1.1 appendix A.2.6: a device that misses data stalls. */
static fs_answer end_of_file(void) {
  state = MANIFEST_SYNC;
  if (alternate != FS_USB_ALTERNATE_PACKAGE || fs_download_complete() == FS_YES) return FS_YES;
  fail(FS_ERR_PACKAGE_TRUNCATED);
  return FS_NO;
}

/* Data: a block is stored. No data: the file has ended. */
static fs_answer download(fs_view data) {
  if (data.length > sizeof block || (state != IDLE && state != DNLOAD_IDLE)) return refuse();
  if (state == IDLE && data.length == 0) return refuse();
  if (data.length == 0) return end_of_file();
  if (state == IDLE) {
    fault = 0;
    fault_detail = 0;
    if (alternate == FS_USB_ALTERNATE_PACKAGE) fs_download_begin();
  }
  memcpy(block, data.data, data.length);
  left.data = block;
  left.length = data.length;
  state = DNLOAD_SYNC;
  return FS_YES;
}

/* Answers of the link. A short one ends the upload. */
static fs_answer upload(uint32_t length, fs_view *answer) {
  if (alternate != FS_USB_ALTERNATE_FRAMES || (state != IDLE && state != UPLOAD_IDLE)) return refuse();
  if (length > FS_USB_TRANSFER_MAX) return refuse();
  *answer = fs_usb_frames_take(length);
  state = answer->length < length ? IDLE : UPLOAD_IDLE;
  if (state == IDLE) due = AFTER_FETCHED;
  return FS_YES;
}

static fs_answer ends_frame(void) {
  uint32_t i;
  for (i = 0; i < left.length; i++)
    if (left.data[i] == 0) return FS_YES;
  return FS_NO;
}

/* Announces the next step with the block, if there is one; gives the poll time-out. */
static uint32_t announce_step(void) {
  fs_answer package = alternate == FS_USB_ALTERNATE_PACKAGE ? FS_YES : FS_NO;
  fs_answer busy = left.length > 0 ? FS_YES : FS_NO;
  if (package == FS_YES) busy = fs_download_busy(left);
  state = busy == FS_YES ? DNBUSY : DNLOAD_IDLE;
  if (busy != FS_YES) return 0;
  due = AFTER_STEP;
  if (package == FS_YES) return fs_download_estimate_ms(left, FS_NO);
  /* A frame is answered in the step that takes its last byte, a zero. */
  return ends_frame() == FS_YES ? fs_estimate_frame_ms() : 0;
}

/* Moves on from a block or the end of the file; gives the poll time-out. */
static uint32_t advance(void) {
  if (state == DNLOAD_SYNC || state == DNBUSY) return announce_step();
  if (state == MANIFEST_SYNC && alternate != FS_USB_ALTERNATE_PACKAGE) state = IDLE;
  if (state == MANIFEST_SYNC) {
    state = MANIFEST;
    due = AFTER_FINISH;
    return fs_download_estimate_ms(left, FS_YES);
  }
  if (state == MANIFEST) {
    state = MANIFEST_WAIT_RESET;
    due = AFTER_RESET;
  }
  if (state == ERROR && fault == FS_ERR_OPTIONS_APPLIED) due = AFTER_LAUNCH;
  return 0;
}

/* bStatus, bwPollTimeout, bState, iString. */
static fs_answer get_status(fs_view *answer) {
  uint32_t poll = advance();
  reply[0] = status;
  reply[1] = (uint8_t)poll;
  reply[2] = (uint8_t)(poll >> 8);
  reply[3] = (uint8_t)(poll >> 16);
  reply[4] = (uint8_t)state;
  reply[5] = 0;
  answer->data = reply;
  answer->length = sizeof reply;
  return FS_YES;
}

static fs_answer get_state(fs_view *answer) {
  reply[0] = (uint8_t)state;
  answer->data = reply;
  answer->length = 1;
  return FS_YES;
}

fs_answer fs_dfu_request(const fs_usb_setup *setup, fs_view data, fs_view *answer) {
  fs_answer in = setup->type & FS_USB_IN ? FS_YES : FS_NO;
  fs_answer asks = setup->request == UPLOAD || setup->request == GETSTATUS || setup->request == GETSTATE ? FS_YES : FS_NO;
  if (setup->index != 0 || in != asks) return FS_NO;
  switch (setup->request) {
    case DNLOAD: return download(data);
    case UPLOAD: return upload(setup->length, answer);
    case GETSTATUS: return get_status(answer);
    case GETSTATE: return get_state(answer);
    case CLRSTATUS:
      if (state != ERROR) return refuse();
      idle();
      return FS_YES;
    case ABORT:
      if (state != IDLE && state != DNLOAD_IDLE && state != UPLOAD_IDLE) return refuse();
      idle();
      return FS_YES;
    default: return refuse();
  }
}

static void work(void) {
  fs_result result = FS_OK;
  if (alternate == FS_USB_ALTERNATE_PACKAGE) {
    result = fs_download_step(&left);
  } else {
    fs_link_exchange(left.data, left.length);
    left.length = 0;
  }
  if (result != FS_OK) fail(result);
}

static void finish(void) {
  fs_result result = fs_download_finish();
  if (result != FS_OK) fail(result);
  else fs_download_end();
}

void fs_dfu_after(void) {
  after now = due;
  due = AFTER_NOTHING;
  switch (now) {
    case AFTER_STEP: work(); break;
    case AFTER_FINISH: finish(); break;
    case AFTER_RESET: fs_port_reset();
    case AFTER_LAUNCH: fs_port_option_launch();
    case AFTER_FETCHED: fs_link_follow(); break;
    default: break;
  }
}
