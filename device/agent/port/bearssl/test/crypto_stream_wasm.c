/* The crypto runner as WebAssembly: requests and answers in two arrays that the host reads and writes. */
#include "crypto_runner.h"

#define ROOM 10240u

static uint8_t request[ROOM];
static uint8_t reply[ROOM];
static uint32_t request_length, taken, reply_length;

int32_t stream_get(void) { return taken < request_length ? (int32_t)request[taken++] : -1; }
void stream_put(uint8_t byte) {
  if (reply_length < ROOM) reply[reply_length++] = byte;
}
void stream_flush(void) {}

__attribute__((export_name("crypto_request"))) uint8_t *crypto_request(void) { return request; }
__attribute__((export_name("crypto_reply"))) uint8_t *crypto_reply(void) { return reply; }

/* Serves the requests in the array; bytes of answers. */
__attribute__((export_name("crypto_run"))) uint32_t crypto_run(uint32_t length) {
  request_length = length <= ROOM ? length : 0;
  taken = 0;
  reply_length = 0;
  crypto_runner();
  return reply_length;
}
