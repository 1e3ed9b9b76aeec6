/* Personalization: spec/device.md section 4, spec/link.md section 4. */
#ifndef FS_PERSONALIZE_H
#define FS_PERSONALIZE_H

#include "fs_cbor.h"

/* personalize-begin: makes keys, writes nothing; the answer is [signing key, KEM key, hello]. */
fs_result fs_personalize_begin(fs_view request, fs_writer *answer);

/* personalize-enrol: [id, proof] of the enrolment secret, for the keys of the last begin. */
fs_result fs_personalize_enrol(fs_view nonce, fs_writer *answer);

/* personalize-protect: sets option bytes before there is an identity; they take force with the
 * launch that has to follow. */
fs_result fs_personalize_protect_first(fs_view request);

/* personalize-finish: writes journal and identity. The final option bytes follow with
 * fs_personalize_protect. */
fs_result fs_personalize_finish(fs_view request);

/* Applies the final option bytes as long as they differ and tries are left: does not
 * return when it applied any. */
void fs_personalize_protect(void);

#endif
