// The page of people at an authority (docs/console.md): jobs, lines, chips, receipts, the log. It is served
// by the authority itself, asks that authority and nobody else, and keeps the token of its person in memory.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import 'uplot/dist/uPlot.min.css';
import './styles.css';

createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
