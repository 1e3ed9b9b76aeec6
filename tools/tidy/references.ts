// Rules about references: a mention of the specification names a page and a section that exist, a mention of
// a page of docs a page that exists, and the
// relative links of Markdown lead somewhere.

import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { type Rule, root, type SourceFile } from './tree.ts';

const mention =
  /\bspec\/([a-z0-9-]+\.md)(?:#([a-z0-9-]+))?(?:[,:]?\s+(?:section|sections|§)\s*(\d+(?:\.\d+)*))?/g;

const headingsOf = (text: string): string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map((match) => match[1]!);

/** The anchor that forges make of a heading. */
const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

const hasAnchor = (page: SourceFile, anchor: string): boolean =>
  headingsOf(page.text).map(slugOf).includes(anchor);

const hasSection = (page: SourceFile, section: string): boolean =>
  headingsOf(page.text).some((heading) => heading.split(/[.:]?\s/)[0]!.replace(/\.$/, '') === section);

/** `spec/NAME.md`, with an anchor or "section N", wherever it is mentioned. */
export const specReferences: Rule = (files) => {
  const pages = new Map(files.map((file) => [file.path, file]));
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(mention)].flatMap(([whole, name, anchor, section]) => {
      const page = pages.get(`spec/${name}`);
      if (page === undefined) return [`${path}: ${whole}: no such page`];
      if (anchor !== undefined && !hasAnchor(page, anchor)) return [`${path}: ${whole}: no such heading`];
      if (section !== undefined && !hasSection(page, section)) return [`${path}: ${whole}: no such section`];
      return [];
    }),
  );
};

/**
 * `docs/NAME.md`, wherever code or text mentions it; tests of these rules mention pages that do not exist.
 */
export const docsReferences: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path, text }) =>
    path.startsWith('tools/tidy/')
      ? []
      : [...text.matchAll(/(?<![\w.-])docs\/[a-z0-9/-]+\.md\b/g)]
          .filter(([page]) => !paths.has(page))
          .map(([page]) => `${path}: ${page}: no such page`),
  );
};

/** Relative links of Markdown files: the file or folder exists, and so does the heading. */
export const markdownLinks: Rule = (files) => {
  const pages = new Map(files.map((file) => [file.path, file]));
  const folders = new Set(
    files.flatMap(({ path }) => path.split('/').map((_, i, all) => all.slice(0, i).join('/'))),
  );
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
      const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map((match) => match[1]!);
      return targets.flatMap((target) => {
        if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
        const [file = '', anchor] = target.split('#');
        const wanted =
          file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file)).replace(/\/$/, '');
        const page = pages.get(wanted);
        if (page === undefined && !folders.has(wanted) && !isBinary(wanted))
          return [`${path}: ${target}: no such file`];
        if (page !== undefined && anchor && !hasAnchor(page, anchor))
          return [`${path}: ${target}: no such heading`];
        return [];
      });
    });
};

// Pictures and firmware are not in the list of texts; what git ignores would not be there for another reader.
const isBinary = (path: string): boolean =>
  /\.(png|svg|elf|bin|wasm|seal)$/.test(path) && existsSync(root + path);
