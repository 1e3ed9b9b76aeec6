export { type RunningWitness, serveWitness, type WitnessEvent } from './serve-witness.ts';
export { type HeldWitnessState, openWitnessState } from './state-file.ts';
export { Witness, type WitnessOptions, type WitnessState } from './witness.ts';
export { type Cosigned, WitnessClient, type WitnessClientOptions } from './witness-client.ts';
