/* Records: the chain of hashes, decryption, programming. spec/package.md section 5,
 * spec/agent.md sections 1 and 3. */
#ifndef FS_RECORD_H
#define FS_RECORD_H

#include "fs_bytes.h"

/* Next hash, and tag. */
#define FS_RECORD_OVERHEAD 48u
#define FS_CHUNK_MAX 4096u

/* Length of the record awaited, 49 to 4144 bytes; 0 when no record is awaited. */
uint32_t fs_record_length(void);

/* FS_YES when the bytes are the record awaited, by length and hash. */
fs_answer fs_record_matches(fs_buffer record);

/* Awaits the first record. */
void fs_record_begin(void);

/*
 * Takes the record awaited: checks it, decrypts it in place, writes it (or, below the address of a resume,
 * compares it) and moves on. FS_ERR_RECORD_LENGTH_WRONG, FS_ERR_RECORD_HASH_WRONG,
 * FS_ERR_RECORD_TAG_WRONG: nothing was written; FS_ERR_RESUME_CONTENT_DIFFERS; FS_ERR_FLASH_...;
 * FS_ERR_JOURNAL_FAILED. The buffer is wiped by the caller.
 */
fs_result fs_record_take(fs_buffer record);

#endif
