import type { Evidence, Span } from '../../finding.ts';
import { joinContainer } from '../../repo/path.ts';
import { startingCode } from '../env/start.ts';
import { envOf, provisionOf } from '../env.ts';
import type { ServiceView, Stack } from '../stack.ts';

/** An SQLite file that a service is told to use. */
export interface SqliteFile {
  /** The variable that names it. */
  readonly variable: string;
  /** The value of the variable, and what it would be for a file at another container path. */
  readonly text: string;
  readonly movedTo: (file: string) => string;
  /** A URL as SQLAlchemy takes it; else the bare name of a file. */
  readonly isUrl: boolean;
  /** Where the file may be, the likeliest first; more than one where the library decides. */
  readonly files: readonly string[];
  /** The scalar in Compose that holds `text`; `undefined` when it stands elsewhere. */
  readonly written: Span | undefined;
  readonly evidence: readonly Evidence[];
}

/** SQLAlchemy's form: three slashes and a relative path, or four. https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite */
const URL = /^(sqlite(?:3|\+\w+)?:\/\/\/)([^?#\s]+)((?:\?[^\s]*)?)$/;
const PATH_NAME = /(?:^|_)(?:SQLITE|DB|DATABASE)(?:_(?:PATH|FILE|FILENAME|NAME|LOCATION))?$|SQLITE/i;
const FILE = /^[\w./-]+\.(?:db|sqlite3?)$/i;

/** The SQLite files that the environment of a service, or a default of its source, names; those in memory left out. */
export function sqliteFilesOf(stack: Stack, view: ServiceView): readonly SqliteFile[] {
  const { workdir } = view.container;
  if (workdir === undefined || !view.image) return [];
  return settingsOf(stack, view).flatMap(({ name, text, written, evidence }): readonly SqliteFile[] => {
    const parsed = parse(name, text);
    if (!parsed || /:memory:|%|\$/.test(parsed.path)) return [];
    const files = placesOf(stack, view, workdir, parsed.path, parsed.isUrl);
    return [{ variable: name, text, movedTo: parsed.movedTo, isUrl: parsed.isUrl, files, written, evidence }];
  });
}

interface Setting {
  readonly name: string;
  readonly text: string;
  readonly written: Span | undefined;
  readonly evidence: readonly Evidence[];
}

/** What the process finds in its environment, and the defaults of its source for what it does not find. */
function settingsOf(stack: Stack, view: ServiceView): readonly Setting[] {
  const { service, image } = view;
  const own = [...service.environment.values()].flatMap(({ name, value, at, from }) =>
    value && !value.unknown
      ? [
          {
            name,
            text: value.text,
            written: from === 'environment' ? value.at : undefined,
            evidence: [{ at, says: `${name} of ${service.name} names an SQLite file` }],
          },
        ]
      : [],
  );
  const baked = [...(image?.env ?? [])].flatMap(([name, { value, at }]) =>
    service.environment.has(name) || service.hiddenEnvironment
      ? []
      : [
          {
            name,
            text: value,
            written: undefined,
            evidence: [{ at, says: `${name} of the image names an SQLite file` }],
          },
        ],
  );
  const env = envOf(stack, view);
  const fallbacks = env.reads.flatMap((read) =>
    read.fallback && URL.test(read.fallback.text) && provisionOf(stack, view, env, read).is === 'no'
      ? [
          {
            name: read.name,
            text: read.fallback.text,
            written: undefined,
            evidence: [{ at: read.at, says: `the source takes an SQLite file when nothing sets ${read.name}` }],
          },
        ]
      : [],
  );
  const all = [...own, ...baked, ...fallbacks];
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

function parse(
  name: string,
  text: string,
): { path: string; isUrl: boolean; movedTo: (file: string) => string } | undefined {
  const [, scheme = '', path, query = ''] = URL.exec(text) ?? [];
  if (path !== undefined)
    return /mode=(?:ro|memory)|immutable=/.test(query) || path.startsWith('file:')
      ? undefined
      : { path, isUrl: true, movedTo: (file) => `${scheme}${file}${query}` };
  return PATH_NAME.test(name) && FILE.test(text) ? { path: text, isUrl: false, movedTo: (file) => file } : undefined;
}

/** Flask-SQLAlchemy takes a relative path from the instance folder: https://flask-sqlalchemy.readthedocs.io/en/stable/config/ */
function placesOf(stack: Stack, view: ServiceView, workdir: string, path: string, isUrl: boolean): readonly string[] {
  const file = joinContainer(workdir, path);
  if (path.startsWith('/') || !isUrl) return [file];
  const modules = startingCode(stack, view)?.modules ?? [];
  const isFlask = modules.some(({ imports }) => imports.some(({ module }) => module === 'flask_sqlalchemy'));
  return isFlask ? [joinContainer(`${workdir}/instance`, path), file] : [file];
}
