// The title of a page. It takes the focus when the page opens, so that a screen reader begins there.

import type { ReactNode } from 'react';

export const Heading = ({ children }: { children: ReactNode }) => <h1 tabIndex={-1}>{children}</h1>;
