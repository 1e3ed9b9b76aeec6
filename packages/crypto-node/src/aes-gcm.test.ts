import { aesGcmSuite } from '@firmseal/crypto/testing';
import { nodeCrypto } from './node-crypto.ts';

aesGcmSuite(nodeCrypto);
