// Names of products as owners may choose them. A reader takes any product of spec/delegation.md; what is
// signed from now on can stand in a path, a file name and a command line as it is.

import { Fault } from '@firmseal/fault';

/** 1 to 32 letters, digits, dots, dashes or underscores, beginning with a letter or a digit. */
export const isProductName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text);

/** Throws `product-name-invalid`. */
export function requireProductName(text: string): void {
  if (!isProductName(text)) throw new Fault('product-name-invalid', { product: text });
}
