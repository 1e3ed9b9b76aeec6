export { type CertificateInputs, type CertificateSigner, issueDeviceCertificate } from './issue.ts';
export { certificateMaxBytes } from './profile.ts';
export { verifyDeviceCertificate } from './verify.ts';
