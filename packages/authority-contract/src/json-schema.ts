// The shapes of the interface as JSON Schema, for pages and for other languages.

import { z } from 'zod';

/** Draft 2020-12, of the form that travels. */
export const jsonSchemaOf = (shape: z.core.$ZodType): unknown => z.toJSONSchema(shape, { io: 'input' });
