// The console at /console/: static files that hold no secret and set no cookie. Their policy lets the
// page run its own scripts and speak to this authority, and nothing else. docs/console.md.

import { gzipSync } from 'node:zlib';
import type { Application, ConsoleFile } from './gate.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
};

const policy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), serial=(), usb=()',
};

const yearSeconds = 31_536_000;

function headersOf(name: string): Readonly<Record<string, string>> {
  const type = types[name.split('.').at(-1)!] ?? 'application/octet-stream';
  const isPage = name === 'index.html' || name.endsWith('.txt');
  const cache = isPage ? 'no-store' : `public, max-age=${yearSeconds}, immutable`;
  return { ...headers, 'Content-Type': type, 'Cache-Control': cache, Vary: 'Accept-Encoding' };
}

/** Compressed once, here. */
export function serveConsole(application: Application, files: readonly ConsoleFile[]): void {
  application.get('/', (context) => context.redirect('console/', 302));
  application.get('/console', (context) => context.redirect('console/', 302));
  for (const { name, content } of files) {
    const small = Uint8Array.from(gzipSync(content, { level: 9 }));
    const own = headersOf(name);
    application.get(`/console/${name === 'index.html' ? '' : name}`, (context) =>
      context.req.header('Accept-Encoding')?.includes('gzip')
        ? context.body(small, 200, { ...own, 'Content-Encoding': 'gzip' })
        : context.body(content, 200, own),
    );
  }
}
