import { p256Suite } from '@firmseal/crypto/testing';
import { nodeCrypto } from './node-crypto.ts';

p256Suite(nodeCrypto);
