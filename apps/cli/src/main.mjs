#!/usr/bin/env node
// Starts `firmseal` from the sources: turns the compile cache on before the first module is loaded, so
// that stripped types and compiled code are kept between runs, then hands over to main.ts. The packed
// command has a launcher of its own.

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../../.cache/compile', import.meta.url)));
await import('./main.ts');
