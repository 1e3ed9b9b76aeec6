// Compiles and links C for any of the agent's builds, object by object, through the cache. Our own sources
// are compiled with every warning as an error; BearSSL's as they are.
//
// An object is kept by what it is made of: flags, the text of its source, and the texts of the headers that
// it can include. So chips of one core share what knows no chip, agent and anchor share what both have, and
// an agent without one of its defences compiles again only what the change can reach.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Arithmetic, bearsslFlags, bearsslFolder, bearsslSources } from './bearssl.ts';
import { cached, hashOf } from './cache.ts';

export type Compiler = {
  /** `arm-none-eabi-gcc`, `gcc`, `clang`. */
  program: string;
  /** Of the machine and of code generation; the same for all objects of a build. */
  flags: readonly string[];
};

export type CompiledObject = {
  source: string;
  path: string;
  /**
   * gcc's call graph (.ci), and its list of the functions that are declared and defined; empty for others.
   */
  callGraph: string;
  declarations: string;
  isOurs: boolean;
};

const ourFlags = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wconversion', '-Wundef', '-Wshadow', '-Wvla'];

const versions = new Map<string, string>();

function versionOf(program: string): string {
  const known = versions.get(program);
  if (known !== undefined) return known;
  const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error) throw new Error(`${program} is not installed`);
  versions.set(program, stdout);
  return stdout;
}

function run(program: string, args: readonly string[], folder: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed:\n${stderr}`);
  return stdout;
}

type Text = { hash: string; included: readonly string[] };

/** Files as one build sees them, each read once. */
class Texts {
  readonly #known = new Map<string, Text | undefined>();

  /** Undefined: no such file. */
  at(path: string): Text | undefined {
    if (!this.#known.has(path)) this.#known.set(path, this.#read(path));
    return this.#known.get(path);
  }

  #read(path: string): Text | undefined {
    if (!existsSync(path)) return undefined;
    const text = readFileSync(path, 'utf8');
    const lines = text.matchAll(/^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]/gm);
    return { hash: hashOf(text), included: [...lines].map(([, name]) => name!) };
  }

  /**
   * The source and every header that it can include, whatever its conditions say, in the order in which they
   * are met: hash by the name that they are included by. A header outside of the folders is the
   * compiler's own, or one of BearSSL.
   */
  reachedFrom(source: string, folders: readonly string[]): string[] {
    const found: string[] = [];
    const seen = new Set<string>();
    const visit = (path: string, name: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      const { hash, included } = this.at(path)!;
      found.push(name, hash);
      for (const other of included) {
        const place = [dirname(path), ...folders]
          .map((folder) => join(folder, other))
          .find((one) => this.at(one));
        if (place !== undefined) visit(place, other);
      }
    };
    visit(source, basename(source));
    return found;
  }
}

/** One source to one object. `texts`: hash of everything that goes into it beside the flags. */
function compile(
  { program, flags }: Compiler,
  source: string,
  how: { flags: readonly string[]; includes: readonly string[]; texts: string; isOurs: boolean },
): CompiledObject {
  const isGcc = program.endsWith('gcc');
  const name = basename(source).replace(/\.[cS]$/, '');
  const lists = isGcc && source.endsWith('.c');
  const listing = lists ? ['-fstack-usage', '-fcallgraph-info=su', '-aux-info', `${name}.aux`] : [];
  const all = [...flags, ...how.flags, ...listing];
  const hash = hashOf(versionOf(program), all.join('\0'), how.texts);
  const folder = cached(`object-${name}-${hash.slice(0, 24)}`, (temporary) => {
    run(program, [...all, ...how.includes, '-c', source, '-o', `${name}.o`], temporary);
  });
  return {
    source,
    path: join(folder, `${name}.o`),
    callGraph: lists ? join(folder, `${name}.ci`) : '',
    declarations: lists ? join(folder, `${name}.aux`) : '',
    isOurs: how.isOurs,
  };
}

/** Sources of the tree; `includes` are folders whose headers they may include. */
export function compileOurs(
  compiler: Compiler,
  sources: readonly string[],
  includes: readonly string[],
  defines: readonly string[],
): CompiledObject[] {
  const folder = bearsslFolder();
  const system = ['-isystem', join(folder, 'inc'), '-isystem', join(folder, 'src')];
  const how = {
    flags: [...ourFlags, ...defines],
    includes: [...includes.flatMap((include) => ['-I', include]), ...system],
    isOurs: true,
  };
  const texts = new Texts();
  const before = defines.flatMap((flag, i) => (defines[i - 1] === '-include' ? [flag] : []));
  return sources.map((source) => {
    const reached = [...before, source].flatMap((path) => texts.reachedFrom(path, includes));
    // What is built for this machine carries the path of its source, for debuggers and coverage.
    const place = compiler.program.startsWith('arm-none-eabi') ? '' : source;
    return compile(compiler, source, { ...how, texts: hashOf(...reached, folder, place) });
  });
}

/** The parts of BearSSL that the port uses. */
export function compileBearssl(compiler: Compiler, arithmetic: Arithmetic): CompiledObject[] {
  const folder = bearsslFolder();
  const includes = ['-I', join(folder, 'inc'), '-I', join(folder, 'src')];
  return bearsslSources(arithmetic).map((source) => {
    const fast = compiler.program.startsWith('arm-none-eabi') ? bearsslFlags(arithmetic, source) : [];
    const flags = ['-w', ...fast];
    // The folder is named by the hash of everything in it.
    const texts = hashOf(source, folder);
    return compile(compiler, join(folder, source), { flags, includes, texts, isOurs: false });
  });
}

/** Links to `name` with a map beside it (`name.map`); returns the folder of both. */
export function link(
  compiler: Compiler,
  objects: readonly CompiledObject[],
  how: { name: string; flags: readonly string[]; script?: string },
): string {
  const paths = objects.map(({ path }) => path);
  const hash = hashOf(
    versionOf(compiler.program),
    ...compiler.flags,
    ...how.flags,
    how.script ?? '',
    ...paths,
  );
  return cached(`${how.name}-${hash.slice(0, 24)}`, (temporary) => {
    const script = how.script === undefined ? [] : ['-T', `${how.name}.ld`];
    if (how.script !== undefined) writeFileSync(join(temporary, `${how.name}.ld`), how.script);
    const args = [...compiler.flags, ...paths, ...how.flags, ...script, '-o', how.name];
    const { status, stderr } = spawnSync(compiler.program, [...args, `-Wl,-Map=${how.name}.map`], {
      cwd: temporary,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`linking ${how.name} failed:\n${stderr}`);
  });
}
