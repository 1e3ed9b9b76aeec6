// The pictures that the element shows, each made of plain elements. Text of others is only ever set as text,
// never parsed as HTML.

export interface Button {
  readonly text: string;
  readonly act: () => void;
  /** The part's name, and that of tests. */
  readonly part: string;
  readonly second?: boolean;
}

type Child = Node | string | undefined;

/** An element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export const paragraph = (text: string, part: string, kind = ''): HTMLElement =>
  make('p', { part, class: kind }, text);

export function buttons(...all: readonly (Button | undefined)[]): HTMLElement {
  const made = all.flatMap((one) => {
    if (one === undefined) return [];
    const { text, act, part, second } = one;
    const button = make(
      'button',
      { type: 'button', part: `button ${part}`, class: second ? 'second' : '' },
      text,
    );
    button.addEventListener('click', act);
    return [button];
  });
  return make('div', { class: 'buttons' }, ...made);
}

/** Names and values, empty values left out. */
export function list(rows: readonly (readonly [string, string | undefined])[]): HTMLElement {
  const cells = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [make('dt', {}, name), make('dd', {}, value)],
  );
  return make('dl', { part: 'facts' }, ...cells);
}

export interface ProgressBar {
  readonly element: HTMLElement;
  /** 0 to 1. */
  show(share: number): void;
}

export function progressBar(label: string): ProgressBar {
  const fill = make('div', { part: 'progress-fill' });
  const element = make(
    'div',
    {
      ...{ class: 'bar', part: 'progress', role: 'progressbar', 'aria-label': label },
      ...{ 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': '0' },
    },
    fill,
  );
  return {
    element,
    show(share) {
      const percent = String(Math.round(share * 100));
      element.setAttribute('aria-valuenow', percent);
      fill.style.width = `${percent}%`;
    },
  };
}
