/*
 * Vector table and reset handler. No interrupt is ever enabled, so the table has the system exceptions alone.
 * The linker script (agent.ld) gives the addresses.
 */
#include "fs_chip_control.h"
#include "fs_cortex.h"

extern uint32_t fs_stack_top[];
extern uint32_t fs_data_load[], fs_data_start[], fs_data_end[], fs_bss_start[], fs_bss_end[];
extern const struct vector_table fs_vectors;

void fs_reset_entry(void) __attribute__((noreturn));
void fs_fault_entry(void);
void fs_nmi_entry(void);

struct vector_table {
  uint32_t *stack;
  void (*handlers[15])(void);
};

__attribute__((section(".vectors"), used)) const struct vector_table fs_vectors = {
    fs_stack_top,
    {fs_reset_entry, fs_nmi_entry, fs_fault_entry, fs_fault_entry, fs_fault_entry, fs_fault_entry, 0, 0, 0, 0,
     fs_fault_entry, fs_fault_entry, 0, fs_fault_entry, fs_fault_entry}};

__attribute__((section(".startup"))) void fs_reset_entry(void) {
  const uint32_t *from = fs_data_load;
  uint32_t *to;
  fs_chip_before_ram();
  for (to = fs_data_start; to < fs_data_end;) *to++ = *from++;
  for (to = fs_bss_start; to < fs_bss_end;) *to++ = 0;
  /* After a boot through the alias at 0 the register is 0. */
  FS_SCB_VTOR = (uint32_t)&fs_vectors;
  fs_barrier();
  fs_main();
}
