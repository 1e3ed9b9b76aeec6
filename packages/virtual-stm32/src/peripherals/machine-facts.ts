// What a chip shows to a debugger and to software of its flash controller.

export interface FlashControllerFacts {
  readonly kind: 'f4' | 'h7' | 'g0' | 'l4' | 'u5' | 'h5';
  readonly registerBase: number;
  readonly bankStride: number;
  readonly keys: readonly [number, number];
  readonly optionKeys: readonly [number, number];
}
