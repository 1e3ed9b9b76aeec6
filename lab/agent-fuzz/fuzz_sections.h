/* Included before every source of the core in the fuzz builds: its variables get sections of their own, so
 * that the harness can put all of them back at once (fuzz_chip.c). */
#pragma clang section bss = "fs_bss" data = "fs_data"
