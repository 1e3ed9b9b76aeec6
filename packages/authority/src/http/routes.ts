// The whole HTTP interface, version 1, as one application. Which scope may call what
// stands here and nowhere else.

import { addAuditorRoutes } from './auditor-routes.ts';
import { type Application, createApplication, type HttpOptions } from './gate.ts';
import { addLineRoutes } from './line-routes.ts';
import { addOwnerRoutes } from './owner-routes.ts';

/**
 * Routes of line, owner and auditor, and GET /v1/health, which needs no token and
 * says nothing but that it runs.
 */
export function createRoutes(options: HttpOptions): Application {
  const { application, allow } = createApplication(options);
  const { authority } = options;
  application.get('/v1/health', async (context) => {
    await authority.store.logHead(); // a store that cannot be read is no healthy authority
    return context.json({ status: 'ok' });
  });
  addAuditorRoutes(application, authority, allow('owner', 'auditor'));
  addLineRoutes(application, authority, allow('line'));
  addOwnerRoutes(application, authority, allow('owner'));
  return application;
}
