export { type CertificateInputs, type CertificateSigner, issueDeviceCertificate } from './issue.ts';
export { type CertificateFields, certificateMaxBytes, encodeCertificate, encodeTbs } from './profile.ts';
export { verifyDeviceCertificate } from './verify.ts';
