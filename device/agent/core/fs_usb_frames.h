/* Answers of the link that wait for a USB host to fetch them: spec/link.md section 5.4. */
#ifndef FS_USB_FRAMES_H
#define FS_USB_FRAMES_H

#include "fs_bytes.h"

/* Appends bytes of an answer; what does not fit is lost, and with it the frame: the
 * host repeats its request. */
void fs_usb_frames_put(const uint8_t *bytes, uint32_t length);

/* Takes at most so many bytes, which stay valid until the next put. */
fs_view fs_usb_frames_take(uint32_t most);

/* Forgets what was not fetched. Called before the first put: until then there is no room. */
void fs_usb_frames_clear(void);

#endif
