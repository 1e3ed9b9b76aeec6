// Dark or light: as the system says, until the person chooses.

import { useCallback, useLayoutEffect, useState, useSyncExternalStore } from 'react';

export type Theme = 'dark' | 'light';

const dark = matchMedia('(prefers-color-scheme: dark)');
const subscribe = (changed: () => void): (() => void) => {
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
};

export function useTheme(): { readonly theme: Theme; readonly next: () => void } {
  const system: Theme = useSyncExternalStore(subscribe, () => dark.matches) ? 'dark' : 'light';
  const [chosen, setChosen] = useState<Theme>();
  const theme = chosen ?? system;
  // Before the effects of what is drawn by these colours.
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  const next = useCallback(() => setChosen(theme === 'dark' ? 'light' : 'dark'), [theme]);
  return { theme, next };
}
