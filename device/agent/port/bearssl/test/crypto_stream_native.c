/* The crypto runner on a PC: standard input and output. */
#include <stdio.h>

#include "crypto_runner.h"

int32_t stream_get(void) { return (int32_t)getchar(); }
void stream_put(uint8_t byte) { (void)putchar(byte); }
void stream_flush(void) { (void)fflush(stdout); }

int main(void) {
  crypto_runner();
  return 0;
}
