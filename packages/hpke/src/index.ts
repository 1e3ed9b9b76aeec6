export {
  type HpkeMessage,
  type HpkeSealed,
  type HpkeUnwrapper,
  hpkeOpen,
  hpkeOpenWith,
  hpkeSeal,
} from './hpke.ts';
