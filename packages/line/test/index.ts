export { createModelLine, type ModelLine, modelFile, placeOf } from './model-line.ts';
export { paced } from './paced-stream.ts';
