/*
 * A package file that comes as it is, from its magic to its last byte: spec/link.md section 5.3. Cuts it into
 * header, license and records for fs_package and fs_install, which check them as on the link; holds one of
 * them at a time, in the link's frame buffer.
 */
#ifndef FS_DOWNLOAD_H
#define FS_DOWNLOAD_H

#include "fs_bytes.h"

/* Awaits the first byte of a file. */
void fs_download_begin(void);

/* FS_YES while fs_download_step has something to do: bytes are left, or a license stands ready. */
fs_answer fs_download_busy(fs_view left);

/* About how long the next step takes, or (finishing) fs_download_finish. */
uint32_t fs_download_estimate_ms(fs_view left, fs_answer finishing);

/* Takes bytes from the front of left until something stands complete, and does it. FS_ERR_OPTIONS_APPLIED:
 * option bytes were programmed and wait for fs_port_option_launch. After a fault the download is over. */
fs_result fs_download_step(fs_view *left);

/* FS_YES when the file can end here: all but the last record were taken, and that one has
 * come and its hash is right. */
fs_answer fs_download_complete(void);

/* The file has ended: the last record is taken. FS_ERR_PACKAGE_TRUNCATED when it has not been whole. */
fs_result fs_download_finish(void);

/* Ends a download, whole or not: keys and buffer are wiped. */
void fs_download_end(void);

#endif
