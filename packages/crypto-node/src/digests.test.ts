import { digestSuite } from '@firmseal/crypto/testing';
import { nodeCrypto } from './node-crypto.ts';

digestSuite(nodeCrypto);
