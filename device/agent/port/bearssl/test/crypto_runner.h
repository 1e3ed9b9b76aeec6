/* The stream that the crypto runner talks over: standard input and output (crypto_stream_native.c), or two
 * registers of a test bench (crypto_stream_thumb.c). */
#ifndef CRYPTO_RUNNER_H
#define CRYPTO_RUNNER_H

#include <stdint.h>

/* Next byte, or a negative value at the end of the stream. */
int32_t stream_get(void);
void stream_put(uint8_t byte);
void stream_flush(void);

/* Serves requests until the stream ends. */
void crypto_runner(void);

#endif
