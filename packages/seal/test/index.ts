// The owner that tests of several packages share: keys, delegations, and the core of a small package.

export { delegate, faultCode, root, smallCore, testKeyPair, testSigner, trust } from './small-package.ts';
