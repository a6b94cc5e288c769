import { nameOf } from '../../repo/path.ts';
import { credentialsIn, isSecret, isSecretName, isSecretValue, isUrlSecret, loginOf } from '../secret.ts';
import { tokensIn } from './shapes.ts';

/** Example files hold what asks to be replaced. */
export const isExamplePath = (path: string): boolean =>
  /(?:^|[._-])(?:example|sample|template|dist|tpl|tmpl|skel)(?:[._-]|$)/i.test(nameOf(path));

/** Files of variables: `.env`, `.env.prod`, `prod.env`, `.envrc`. */
export const isEnvPath = (path: string): boolean =>
  /^\.env(?:rc)?(?:[._-].*)?$|\.env$|^env(?:\..+)?$/.test(nameOf(path));

const QUOTED = `"((?:[^"\\\\\\n]|\\\\.)*)"|'((?:[^'\\n]|'')*)'`;
const NAME = '([A-Za-z_][\\w.-]*)';
/** `NAME: value`, `NAME=value` in YAML, env files, Dockerfiles and scripts; a bare value ends at a blank, a comma or a bracket. */
const PAIR = new RegExp(`${NAME}["']?[ \\t]*(?::[ \\t]|=)[ \\t]*(?:${QUOTED}|([^\\s"',\\]}][^\\s,\\]}]*))`, 'g');
/** The same with all that follows on the line, for values with blanks and commas. */
const LINE = new RegExp(
  `^[ \\t]*(?:-[ \\t]+|export[ \\t]+|ENV[ \\t]+|ARG[ \\t]+)*["']?${NAME}["']?[ \\t]*(?::[ \\t]|=)[ \\t]*([^\\r\\n]+)`,
  'gm',
);
/** `ENV NAME value`. */
const OLD_ENV = new RegExp(`^[ \\t]*ENV[ \\t]+${NAME}[ \\t]+([^\\r\\n]+)`, 'gim');
/** `SECRET_KEY = "…"`, `"password": "…"`, `getenv("SECRET_KEY", "…")`: of source code only what is a literal. */
const LITERAL = new RegExp(`${NAME}["']?[ \\t]*\\]?[ \\t]*[:=,][ \\t]*(?:[brfu]{0,2})(?:${QUOTED})`, 'gi');
/** Options that a password follows; the names of the long ones in any case. `-a` is one of redis-cli only: `celery -A app`, `cp -a`. */
const OPTION = [
  /(?<![\w-])(?:--?requirepass|--?masterauth|--?password|--?passwd|--?pass|--?secret(?:-key)?|--?token|--?api-key)["']?(?:=|[ \t]+|[ \t]*,\s*|[ \t]*\r?\n[ \t]*-[ \t]+)["']?((?!id=|-)[^\s"',\]]+)/gi,
  /\bredis-cli\b[^;|]{0,120}?[\s"']-a["']?(?:[ \t]+|[ \t]*,\s*|[ \t]*\r?\n[ \t]*-[ \t]+)["']?([^\s"',\]]+)/g,
  /--?basic[_-]auth(?:=|[ \t]+|[ \t]*,\s*)["']?[\w.@+-]+:([^\s"',\]]+)/gi,
];
/** `mysqladmin -psecret`: the client takes what follows at once. */
const ATTACHED = /\b(?:mysql|mysqladmin|mysqldump|mariadb|mariadb-admin|mongosh?)\b[^\n;|]*?[\s"']-p([^\s"',\]]+)/g;
/** `Authorization: Bearer …`, `PASSWORD '…'` of SQL, `curl -u user:…`. */
const SPOKEN = [
  /\bAuthorization["']?[ \t]*[:=,][ \t]*["']?(?:Bearer|Basic|Token|ApiKey)[ \t]+([^\s"'\\]+)/gi,
  /\b(?:PASSWORD|IDENTIFIED[ \t]+BY)[ \t]+'([^'\n]+)'/gi,
  /\b(?:curl|wget)\b[^\n;|]*?[\s"'](?:-\w*u|--user)["']?(?:=|[\s,]+)["']?[\w.@-]+:([^\s"',\]/]+)/g,
];
/** `…;AccountKey=value;…`, `…&token=value`: inside of a value. */
const NESTED = /[;?&]([A-Za-z_][\w.-]*)=([^\s;&"',\]}]+)/g;
/** `environ.get("SECRET_KEY") or "…"`: what source takes when there is nothing else. */
const ELSE = new RegExp(
  `["'.]([A-Za-z_][\\w]*)["']?[ \\t]*[)\\]]?[ \\t]*(?:\\bor\\b|\\|\\||\\?\\?)[ \\t]*(?:${QUOTED})`,
  'g',
);
/** The lines of a block scalar under a secret's name. */
const BLOCK = new RegExp(
  `^([ \\t]*)(?:-[ \\t]+)?["']?${NAME}["']?:[ \\t]*[|>][+-]?\\d*[ \\t]*\\r?\\n((?:\\1[ \\t]+[^\\n]*\\n|[ \\t]*\\r?\\n)+)`,
  'gm',
);

/** The texts that stand for secrets in one file, escapes kept and resolved; a text of several lines is taken line by line. */
export function secretsIn(path: string, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (value: string): void => {
    for (const line of value.split(/\r?\n|\\n/)) for (const form of formsOf(line.trim())) found.add(form);
  };
  const offer = (name: string, value: string): void => {
    if (isSecret(name, value)) add(value);
    const login = loginOf(name, value);
    if (login) add(login.password);
    // `${X:-secret}`: what counts when nobody sets X.
    for (const [, , fallback] of value.matchAll(FALLBACK))
      if (fallback !== undefined && isSecret(name, fallback)) add(fallback);
  };
  for (const [, name = '', fallback = ''] of text.matchAll(FALLBACK)) if (isSecret(name, fallback)) add(fallback);
  for (const token of tokensIn(text)) add(token);
  for (const each of credentialsIn(text)) if (isUrlSecret(each)) add(each.password);
  for (const each of [...OPTION, ATTACHED, ...SPOKEN])
    for (const [, value = ''] of text.matchAll(each)) if (isSecretValue(value)) add(value);
  for (const spoken of SPOKEN) for (const [, value = ''] of text.matchAll(spoken)) if (isSecretValue(value)) add(value);
  for (const [, name = '', value = ''] of text.matchAll(NESTED)) offer(name, value);
  if (isCode(path)) {
    for (const each of [LITERAL, ELSE])
      for (const [, name = '', double, single] of text.matchAll(each)) offer(name, double ?? single ?? '');
    return found;
  }
  for (const [, name = '', double, single, bare] of text.matchAll(PAIR)) offer(name, double ?? single ?? bare ?? '');
  for (const [, name = '', rest = ''] of text.matchAll(LINE)) if (mayBeSecret(name)) offer(name, wholeValue(rest));
  for (const [, name = '', rest = ''] of text.matchAll(OLD_ENV)) offer(name, wholeValue(rest));
  for (const [, , name = '', body = ''] of `${text}\n`.matchAll(BLOCK))
    if (isSecretName(name)) for (const line of body.split('\n')) if (line.trim().length >= 8) offer(name, line.trim());
  return found;
}

const FALLBACK = /\$\{(\w+):?-([^${}\n]+)\}/g;
const mayBeSecret = (name: string): boolean => isSecretName(name) || /_?KEY$/i.test(name);
const isCode = (path: string): boolean => /\.(?:py|[cm]?[jt]sx?|toml|json|ini|cfg|rb|php|go|java)$/.test(path);

/** A value to the end of its line, without a comment behind it and without quotes. */
const wholeValue = (rest: string): string => {
  const quoted = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(rest.trim());
  return quoted?.[2] ?? rest.replace(/\s+#.*$/, '').trim();
};

/** A value as it is written, and as those see it who resolve its escapes. */
function formsOf(value: string): readonly string[] {
  const forms = new Set([value]);
  for (const resolve of RESOLVED) for (const form of [...forms]) forms.add(resolve(form));
  return [...forms].filter((form) => form.length >= 2);
}

const RESOLVED: readonly ((text: string) => string)[] = [
  // A quote that is never closed again.
  (text) => text.replace(/^["']|["']$/g, ''),
  (text) => text.replace(/\\(.)/g, '$1'),
  (text) => text.replaceAll("''", "'"),
  (text) => text.replaceAll('$$', '$'),
  (text) => decoded(text),
];

/** Without the percent-encoding of a URL; bytes beyond ASCII stay as they are. */
const decoded = (value: string): string => value.replace(/%[2-7][\da-f]/gi, (code) => decodeURIComponent(code));
