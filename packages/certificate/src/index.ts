export {
  type IdentityRecord,
  makeIdentityRecord,
  verifyIdentityOf,
  verifyIdentityRecord,
} from './identity-record.ts';
export { type CertificateInputs, type CertificateSigner, issueDeviceCertificate } from './issue.ts';
export { type CertificateFields, certificateMaxBytes, encodeCertificate, encodeTbs } from './profile.ts';
export {
  type CertifiedDevice,
  chipIdOfCertificate,
  readDeviceUnverified,
  requireValidAt,
  verifyCertifiedDevice,
  verifyDeviceCertificate,
} from './verify.ts';
export { type DeviceTrust, verifyDevice } from './verify-device.ts';
