// The rule that lines of comments end at 110 characters, and the wrapping that brings them there
// (wrap-comments.ts is its command). Code lines are the formatter's affair.

import type { Rule } from './tree.ts';

const longestCommentLine = 110;

/** Which marks begin a comment line: those of C and TypeScript, or the hash of Python and shell. */
type CommentStyle = 'slashes' | 'hash';

/** The style of a file by its name; undefined for files without comments that the rule knows. */
export function commentStyleOf(path: string): CommentStyle | undefined {
  if (/\.(ts|tsx|c|h|mjs)$/.test(path)) return 'slashes';
  return /\.(py|sh)$/.test(path) ? 'hash' : undefined;
}

/**
 * A comment line taken apart: `prefix` is its indent and mark with one blank, `text` the rest.
 * Only lines of one kind are joined.
 */
type CommentLine = { kind: 'line' | 'block' | 'open'; prefix: string; text: string };

/** The comment lines of a text, by index; a line with code before its comment does not count. */
function commentLinesOf(lines: readonly string[], style: CommentStyle): (CommentLine | undefined)[] {
  if (style === 'hash') return lines.map((line, index) => hashLine(line, index));
  let inBlock = false;
  return lines.map((line) => {
    if (inBlock) {
      inBlock = !line.includes('*/');
      const [, prefix, text] = /^(\s*(?:\* ?)?)(.*)$/.exec(line)!;
      return { kind: 'block', prefix: prefix!, text: text! };
    }
    const slashes = /^(\s*\/\/\/? ?)(.*)$/.exec(line);
    if (slashes) return { kind: 'line', prefix: slashes[1]!, text: slashes[2]! };
    const open = /^(\s*\/\*+ ?)(.*)$/.exec(line);
    if (!open) return undefined;
    inBlock = !open[2]!.includes('*/');
    // A comment that ends before code (`/* why */ call();`) belongs to that code.
    if (/\*\/\s*\S/.test(open[2]!)) return undefined;
    return { kind: 'open', prefix: open[1]!, text: open[2]! };
  });
}

function hashLine(line: string, index: number): CommentLine | undefined {
  const match = /^(\s*# ?)(.*)$/.exec(line);
  return match && !(index === 0 && line.startsWith('#!'))
    ? { kind: 'line', prefix: match[1]!, text: match[2]! }
    : undefined;
}

/** A line that a tool reads, or that holds an address, cannot be broken. */
const isFixed = ({ text }: CommentLine): boolean =>
  /:\/\/|^(?:biome-ignore|@ts-|shellcheck |<reference|v8 ignore)/.test(text);

/** Comment lines beyond 110 characters. */
export const commentLineLength: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const style = commentStyleOf(path);
    if (style === undefined) return [];
    const lines = text.split('\n');
    return commentLinesOf(lines, style).flatMap((comment, index) =>
      comment && !isFixed(comment) && lines[index]!.length > longestCommentLine
        ? [
            `${path}:${index + 1}: a comment line of ${lines[index]!.length}, ${longestCommentLine} are the end`,
          ]
        : [],
    );
  });

/** What hangs a list entry's next lines under its text: `- `, `1. `, `@name `, or blanks before the text. */
const hangingIndent = (text: string): string => ' '.repeat(/^\s*(?:[-*] |\d+\. )?/.exec(text)![0].length);

const isListStart = (text: string): boolean => /^\s*(?:[-*] |\d+\. |@\w)/.test(text);

/** Columns kept apart by blanks, a table or a drawing: its line breaks are its sense. */
const isDrawn = (text: string): boolean => /\S {2,}\S|\s\|\s.*\|\s*$|^ {4,}\S/.test(text);

/**
 * Parts of a text that are not broken: code in backticks, a set in braces, a request,
 * a document and its section.
 */
const unbroken =
  /`[^`]{1,50}`\S*|\{[^{}]{1,50}\}\S*|\b(?:GET|POST|RFC|section|sections|page|table|[ADR][MNDS]\d{4}) \S+|\S+/g;

/** Words in lines of at most `width`; a word that is longer has a line of its own. */
function fillTo(width: number, words: readonly string[], first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first + words[0]!;
  for (const word of words.slice(1)) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest + word;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}

/** The text in lines, narrower where the last one would hold a word or two. */
function fill(text: string, first: string, rest: string): string[] {
  const words = text.match(unbroken) ?? [''];
  const widest = fillTo(longestCommentLine, words, first, rest);
  for (let width = longestCommentLine; width > 80; width--) {
    const lines = fillTo(width, words, first, rest);
    if (lines.length > widest.length) break;
    if (lines.at(-1)!.length > width / 3) return lines;
  }
  return widest;
}

/**
 * `text` with every comment line that is too long broken, its paragraph filled from there on. Paragraphs
 * without a long line stay as they are; so do drawings, tables and lines that tools
 * read. Code is never touched.
 */
export function wrapComments(text: string, style: CommentStyle): string {
  const lines = text.split('\n');
  const comments = commentLinesOf(lines, style);
  const out: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const comment = comments[index];
    if (!comment || line.length <= longestCommentLine || isFixed(comment) || isDrawn(comment.text)) {
      out.push(line);
      continue;
    }
    const { last, joined } = paragraphFrom(lines, comments, index);
    out.push(...wrapParagraph(comment, joined));
    index = last;
  }
  return out.join('\n');
}

/**
 * The prefix of the lines that follow `comment` in its paragraph: a star under the mark that opens a block.
 */
const nextPrefix = ({ kind, prefix }: CommentLine): string =>
  kind === 'open' ? `${/^\s*/.exec(prefix)![0]} * ` : prefix;

/**
 * Joins the lines that continue the paragraph of `start`: same mark, hanging under
 * it, before a blank or a list.
 */
function paragraphFrom(
  lines: readonly string[],
  comments: readonly (CommentLine | undefined)[],
  start: number,
): { last: number; joined: string } {
  const first = comments[start]!;
  const kind = first.kind === 'open' ? 'block' : first.kind;
  const indent = hangingIndent(first.text).length;
  let joined = first.text;
  let last = start;
  for (let index = start + 1; index < lines.length; index++) {
    const next = comments[index];
    if (next?.kind !== kind || next.prefix !== nextPrefix(first) || isFixed(next) || isDrawn(next.text))
      break;
    if (/^\s*(?:\*\/)?$/.test(next.text) || isListStart(next.text)) break;
    if (/^ */.exec(next.text)![0].length !== indent) break;
    // A line that ended well before the edge was ended on purpose.
    if (lines[last]!.length < 70) break;
    joined += ` ${next.text.trim()}`;
    last = index;
  }
  return { last, joined };
}

/** The lines of a paragraph; a documentation comment of one line (`/** text *\/`) becomes one of several. */
function wrapParagraph(comment: CommentLine, joined: string): string[] {
  const rest = nextPrefix(comment) + hangingIndent(comment.text);
  const closed = /^(.*?)\s*\*\/$/.exec(joined);
  if (comment.prefix.trim() !== '/**' || !closed) return fill(joined, comment.prefix, rest);
  const indent = /^\s*/.exec(comment.prefix)![0];
  return [`${indent}/**`, ...fill(closed[1]!, rest, rest), `${indent} */`];
}
