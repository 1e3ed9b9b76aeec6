/* See fs_device_sign.h. */
#include "fs_device_sign.h"

#include "fs_identity.h"

fs_result fs_device_sign(fs_writer *writer, fs_typ typ, uint32_t payload) {
  uint8_t key[FS_SCALAR_SIZE];
  uint8_t public_key[FS_POINT_SIZE];
  uint8_t signature[FS_SIGNATURE_SIZE];
  fs_signer signer;
  volatile fs_result result; /* in memory: read again after the wipe */
  FS_TRY(fs_identity_signing_keys(key, public_key));
  signer.private_key = key;
  signer.public_key = public_key;
  result = fs_cose_sign(writer, typ, payload, &signer, signature);
  fs_wipe(key, sizeof key);
  FS_TRY(result);
  return fs_cose_end(writer, signature);
}
