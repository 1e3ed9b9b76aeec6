// The files of the ledger (spec/ledger.md section 3): no calls with fields, but a folder as any web server
// would serve it. Checkpoint and tiles ask for no token, opened entries for one of these scopes.

import type { TokenScope } from './call.ts';

export const ledgerPrefix = '/v1/ledger/';
export const ledgerScopes: readonly TokenScope[] = ['owner', 'auditor'];
