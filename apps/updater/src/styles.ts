// How the element looks. Colours are custom properties that a page may set; everything that a page may want
// to style otherwise is a part (docs/updater.md lists both).

export const styles = `
:host {
  display: block;
  max-width: 36rem;
  font: 1rem/1.5 system-ui, sans-serif;
  color-scheme: light dark;
  color: var(--firmseal-text, light-dark(#1a1a1a, #f0f0f0));
  --accent: var(--firmseal-accent, light-dark(#0b57d0, #8ab4f8));
  --on-accent: var(--firmseal-on-accent, light-dark(#ffffff, #101418));
  --panel: var(--firmseal-panel, light-dark(#f3f5f8, #1f2329));
  --line: light-dark(#6b7280, #9aa3ad);
  --good: light-dark(#0f6b2f, #7ad69a);
  --bad: light-dark(#a3120a, #ff9c93);
}
* { box-sizing: border-box; }
.panel { background: var(--panel); border-radius: 0.75rem; padding: 1.25rem; }
h1, h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 0.25rem; overflow-wrap: anywhere; }
.version { margin: 0 0 1rem; overflow-wrap: anywhere; }
[role='status']:not(:empty) { margin-bottom: 0.75rem; }
p { margin: 0 0 0.75rem; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1rem; }
button, .save {
  font: inherit; font-weight: 600; border-radius: 0.5rem; padding: 0.6rem 1.1rem; cursor: pointer;
  border: 2px solid var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none;
}
button.second, .save { background: transparent; color: var(--accent); }
button:focus-visible, .save:focus-visible, summary:focus-visible, [tabindex]:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 3px;
}
.bar { height: 0.8rem; border-radius: 0.4rem; border: 1px solid var(--line); overflow: hidden; margin: 1rem 0 0.5rem; }
.bar > div { height: 100%; background: var(--accent); width: 0; }
.what { font-weight: 700; color: var(--bad); }
.good { font-weight: 700; color: var(--good); }
dl { display: grid; grid-template-columns: auto; gap: 0 1rem; margin: 1rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
@media (min-width: 30rem) {
  dl { grid-template-columns: max-content 1fr; }
  dd { margin: 0; }
}
details { margin-top: 1rem; }
details p { margin: 0.5rem 0 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.contact { margin: 1rem 0 0; overflow-wrap: anywhere; }
@media (forced-colors: active) { .bar > div { background: Highlight; } }
`;
