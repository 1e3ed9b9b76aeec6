/*
 * Results of the agent's functions. Success is one word with many bits set and clear, so that a flipped bit or a
 * skipped load does not look like it; every other word is a failure. Faults are the numbers of spec/errors.
 */
#ifndef FS_RESULT_H
#define FS_RESULT_H

#include <stdint.h>

typedef uint32_t fs_result;

#define FS_OK ((fs_result)0x5aa5c33cu)

/* Answer of a question, not of an operation; anything that is not FS_YES is no. */
typedef uint32_t fs_answer;

#define FS_YES ((fs_answer)0x3c96a55au)
#define FS_NO ((fs_answer)0xc3695aa5u)

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

/*
 * The same at points that decide over an install or a boot: the result is read twice from memory, the answer of a condition read twice as well, so that one skipped comparison does not pass.
 */
#define FS_DECIDE(expression)                                     \
  do {                                                            \
    volatile fs_result fs_decide_ = (expression);                 \
    if (fs_decide_ != FS_OK) return fs_decide_;                   \
    if (fs_decide_ != FS_OK) return FS_ERR_INTERNAL_CHECK_FAILED; \
  } while (0)

#define FS_DECIDE_AS(expression, fault)                           \
  do {                                                            \
    volatile fs_result fs_decide_ = (expression);                 \
    if (fs_decide_ != FS_OK) return (fault);                      \
    if (fs_decide_ != FS_OK) return FS_ERR_INTERNAL_CHECK_FAILED; \
  } while (0)

#define FS_DEMAND(condition, fault)                               \
  do {                                                            \
    volatile fs_answer fs_demand_ = (condition) ? FS_YES : FS_NO; \
    if (fs_demand_ != FS_YES) return (fault);                     \
    if (fs_demand_ != FS_YES) return FS_ERR_INTERNAL_CHECK_FAILED; \
  } while (0)

#define FS_GLUE_(a, b) a##b
#define FS_GLUE(a, b) FS_GLUE_(a, b)
#define FS_STATIC_ASSERT(condition) typedef char FS_GLUE(fs_assert_, __LINE__)[(condition) ? 1 : -1] __attribute__((unused))

#endif
