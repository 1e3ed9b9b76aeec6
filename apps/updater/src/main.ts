// The one module that a page loads: it defines <firmseal-update>. docs/updater.md tells owners how to use it.

import * as z from 'zod/mini';
import { FirmsealUpdate } from './firmseal-update.ts';

// zod would otherwise try to make code of text, which the page's content security policy forbids.
z.config({ jitless: true });

if (customElements.get('firmseal-update') === undefined)
  customElements.define('firmseal-update', FirmsealUpdate);
