/*
 * What lies in flash, or is handed over as it lies, holds to its layout: the place of every member and the
 * size of every structure, on every compiler. No code. A layout that changes is a new version of it:
 * ../README.md, "Journal" and "Identity". Structures of one file alone are held in that file.
 * toolchain/layout.test.ts looks that no member is missing.
 */
#include "fs_journal.h"
#include "fs_policy.h"
#include "fs_usb_request.h"

/* Named by what they hold, so that an error of the compiler says which. */
#define FS_HELD(name, condition) typedef char FS_GLUE(held_, name)[(condition) ? 1 : -1] __attribute__((unused))
#define FS_AT(type, member, offset) FS_HELD(type##_##member, offsetof(type, member) == (offset))
#define FS_SIZE(type, size) FS_HELD(type, sizeof(type) == (size))

/* Areas: in state records. */
FS_AT(fs_area, kind, 0);
FS_AT(fs_area, address, 4);
FS_AT(fs_area, length, 8);
FS_AT(fs_area, detail, 12);
FS_AT(fs_area, digest, 16);
FS_SIZE(fs_area, 48);

/* The application that does not boot as things stand: in state records. */
FS_AT(fs_other, entry, 0);
FS_AT(fs_other, boot_check, 4);
FS_AT(fs_other, area_count, 8);
FS_AT(fs_other, zero, 12);
FS_AT(fs_other, manifest_digest, 16);
FS_AT(fs_other, firmware_mac, 48);
FS_SIZE(fs_other, 80);

/* The license of a receipt, and the install under way: in state records. */
FS_AT(fs_license_names, digest, 0);
FS_AT(fs_license_names, receipt_nonce, 32);
FS_AT(fs_license_names, license_id, 64);
FS_AT(fs_license_names, job_id, 80);
FS_SIZE(fs_license_names, 96);
FS_AT(fs_place, address, 0);
FS_AT(fs_place, length, 4);
FS_SIZE(fs_place, 8);
FS_AT(fs_under_way, manifest_digest, 0);
FS_AT(fs_under_way, places, 32);
FS_SIZE(fs_under_way, 96);

/* The agent that was installed last: in state records. */
FS_AT(fs_update, status, 0);
FS_AT(fs_update, length, 4);
FS_AT(fs_update, version, 8);
FS_AT(fs_update, counter, 12);
FS_AT(fs_update, manifest_digest, 16);
FS_AT(fs_update, digest, 48);
FS_AT(fs_update, mac, 80);
FS_AT(fs_update, receipt_of, 112);
FS_SIZE(fs_update, 208);

/* State records of the journal. */
FS_AT(fs_state, magic, 0);
FS_AT(fs_state, sequence, 4);
FS_AT(fs_state, life_cycle, 8);
FS_AT(fs_state, security_counter, 12);
FS_AT(fs_state, epoch, 16);
FS_AT(fs_state, install_count, 20);
FS_AT(fs_state, random_counter, 24);
FS_AT(fs_state, unwraps, 28);
FS_AT(fs_state, interruption, 32);
FS_AT(fs_state, boot_check, 36);
FS_AT(fs_state, entry, 40);
FS_AT(fs_state, option_tries, 44);
FS_AT(fs_state, progress, 48);
FS_AT(fs_state, area_count, 52);
FS_AT(fs_state, receipt, 56);
FS_AT(fs_state, trial_counter, 60);
FS_AT(fs_state, root, 64);
FS_AT(fs_state, last_license, 128);
FS_AT(fs_state, manifest_digest, 160);
FS_AT(fs_state, firmware_mac, 192);
FS_AT(fs_state, receipt_of, 224);
FS_AT(fs_state, areas, 320);
FS_AT(fs_state, other, 704);
FS_AT(fs_state, under_way, 784);
FS_AT(fs_state, recoveries, 880);
FS_AT(fs_state, zeros, 884);
FS_AT(fs_state, update, 896);
FS_AT(fs_state, mac, 1104);
FS_SIZE(fs_state, 1120);

/* Option-byte requirements: in the identity. */
FS_AT(fs_requirement, register_id, 0);
FS_AT(fs_requirement, mask, 4);
FS_AT(fs_requirement, value, 8);
FS_SIZE(fs_requirement, 12);

/* Setup packets of USB 2.0 section 9.3. */
FS_AT(fs_usb_setup, type, 0);
FS_AT(fs_usb_setup, request, 1);
FS_AT(fs_usb_setup, value, 2);
FS_AT(fs_usb_setup, index, 4);
FS_AT(fs_usb_setup, length, 6);
FS_SIZE(fs_usb_setup, 8);
