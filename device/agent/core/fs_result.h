/*
 * Results of the agent's functions. Success is one word with many bits set and clear, so that a
 * flipped bit or a skipped load does not look like it; every other word is a failure. Faults
 * are the numbers of spec/errors.
 */
#ifndef FS_RESULT_H
#define FS_RESULT_H

#include <stdint.h>

typedef uint32_t fs_result;

#define FS_OK ((fs_result)0x5a5a5a5au)

/* Answer of a question, not of an operation; anything that is not FS_YES is no. */
typedef uint32_t fs_answer;

#define FS_YES ((fs_answer)0x3c3c3c3cu)
#define FS_NO ((fs_answer)0xc3c3c3c3u)

enum {
#define FS_ERROR(name, number) name = (number),
#include "fs_errors.def"
#undef FS_ERROR
};

/* Returns from the calling function unless the expression gives FS_OK. */
#define FS_TRY(expression)                          \
  do {                                              \
    fs_result fs_try_ = (expression);               \
    if (fs_try_ != FS_OK) return fs_try_;           \
  } while (0)

/* As FS_TRY, but the caller's own fault stands for whichever fault was met. */
#define FS_TRY_AS(expression, fault)                \
  do {                                              \
    if ((expression) != FS_OK) return (fault);      \
  } while (0)

/* Returns the fault unless the condition holds. */
#define FS_REQUIRE(condition, fault)                \
  do {                                              \
    if (!(condition)) return (fault);               \
  } while (0)

/* Memory is read again behind it: the compiler keeps no value over it and moves none across. */
#define FS_BARRIER() __asm__ volatile("" ::: "memory")

/*
 * A decision: its place goes into the section .fs_sites of the ELF (address, line), which is never loaded;
 * lab/glitch looks there for what must be attacked.
 */
#if defined(__arm__)
#define FS_SITE() \
  __asm__ volatile("1:\n .pushsection .fs_sites,\"\",%%progbits\n .word 1b, %c0\n .popsection" ::"i"(__LINE__) : "memory")
#else
#define FS_SITE() FS_BARRIER()
#endif

/*
 * Checks that decide over an install or a boot. FS_DECIDE and FS_DEMAND check once, and stand in
 * functions that run twice: what one skipped instruction spoils in one pass, the other pass refuses
 * (fs_flow.h). FS_INSIST checks twice by itself, for decisions that are made once; its condition has
 * no side effect and reads memory.
 */
#define FS_DECIDE(expression)                       \
  do {                                              \
    fs_result fs_decide_ = (expression);            \
    FS_SITE();                                      \
    if (fs_decide_ != FS_OK) return fs_decide_;     \
  } while (0)

#define FS_DECIDE_AS(expression, fault)             \
  do {                                              \
    fs_result fs_decide_ = (expression);            \
    FS_SITE();                                      \
    if (fs_decide_ != FS_OK) return (fault);        \
  } while (0)

#define FS_DEMAND(condition, fault)                 \
  do {                                              \
    FS_SITE();                                      \
    FS_REQUIRE(condition, fault);                   \
  } while (0)

#define FS_INSIST(condition, fault)                              \
  do {                                                           \
    FS_SITE();                                                   \
    FS_REQUIRE(condition, fault);                                \
    FS_BARRIER();                                                \
    /* Defence insist-twice */                                   \
    FS_REQUIRE(condition, FS_ERR_INTERNAL_CHECK_FAILED);         \
    FS_BARRIER();                                                \
  } while (0)

#define FS_GLUE_(a, b) a##b
#define FS_GLUE(a, b) FS_GLUE_(a, b)
#define FS_STATIC_ASSERT(condition) typedef char FS_GLUE(fs_assert_, __COUNTER__)[(condition) ? 1 : -1] __attribute__((unused))

#endif
