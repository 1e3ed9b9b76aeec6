/* A chip in an array, personalized, for the fuzz targets: fuzz_port.c. */
#ifndef FUZZ_PORT_H
#define FUZZ_PORT_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

/* Where a reset of the chip lands; set before the agent is called. */
extern jmp_buf fuzz_after_reset;

/* The chip as personalization left it, and just started. */
void fuzz_chip_restore(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
