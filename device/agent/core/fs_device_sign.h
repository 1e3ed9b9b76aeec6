/* Ends an object that the device signs: the key of the identity is in RAM for the signature alone. */
#ifndef FS_DEVICE_SIGN_H
#define FS_DEVICE_SIGN_H

#include "fs_cose.h"

/* `payload`: what fs_cose_begin gave. The faults of fs_cose_sign, and FS_ERR_NOT_PERSONALIZED. */
fs_result fs_device_sign(fs_writer *writer, fs_typ typ, uint32_t payload);

#endif
