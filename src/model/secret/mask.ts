import { escapeRegExp } from '../../pattern.ts';
import { credentialsIn, isSecretName, isUrlSecret } from '../secret.ts';
import type { Secrets } from './known.ts';
import { tokensIn } from './shapes.ts';

/** What stands in an output in place of a secret. */
const MASK = '***';

/** A text without the values of secrets. */
export type Mask = (text: string) => string;

/** Masks what shows by itself that it is a secret: passwords in URLs, tokens, private keys. For texts without a repository. */
export const maskShapes: Mask = (text) => {
  let masked = text;
  for (const token of new Set(tokensIn(text))) masked = masked.replaceAll(token, MASK);
  for (const each of [...credentialsIn(masked)].reverse())
    if (isUrlSecret(each)) masked = masked.slice(0, each.start) + MASK + masked.slice(each.end);
  return masked;
};

/** Masks these secrets, and what shows by itself that it is one. */
export function maskOf({ anywhere, inPlace }: Secrets): Mask {
  const strong = alternatives(anywhere);
  const always =
    strong === undefined
      ? undefined
      : new RegExp(`(?<![A-Za-z\\d])(?:${strong.short})(?![A-Za-z\\d])|${strong.long}`, 'g');
  const weak = [...inPlace].flatMap(formsOf).sort(longestFirst).map(escapeRegExp).join('|');
  const placed = weak === '' ? undefined : inValuePosition(weak);
  return (text) => {
    let masked = always ? text.replace(always, MASK) : text;
    masked = maskShapes(masked);
    return placed ? placed(masked) : masked;
  };
}

/** Long ones are found also inside of a word (`-pS3cret…`), short ones stand for themselves. */
function alternatives(values: ReadonlySet<string>): { readonly short: string; readonly long: string } | undefined {
  const forms = [...new Set([...values].flatMap(formsOf))].sort(longestFirst);
  if (forms.length === 0) return undefined;
  const never = '(?!)';
  const pick = (wanted: (form: string) => boolean): string => forms.filter(wanted).map(escapeRegExp).join('|') || never;
  return { short: pick((form) => form.length < 10), long: pick((form) => form.length >= 10) };
}

const longestFirst = (a: string, b: string): number => b.length - a.length || (a < b ? -1 : 1);

/** As a value may be written elsewhere: in a URL, in JSON, in YAML, in a shell. */
const formsOf = (value: string): readonly string[] => [
  ...new Set([
    value,
    encodeURIComponent(value.replace(/[\ud800-\udfff]/g, '')),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll("'", "''"),
    value.replaceAll("'", "'\\''"),
    value.replaceAll('$', '$$$$'),
  ]),
];

/** Behind the name of a secret, behind an option that a password follows, or in a URL. */
function inValuePosition(weak: string): Mask {
  const end = '(?![\\w-])';
  const named = new RegExp(
    `([A-Za-z_][\\w.-]*)((?:["']?\\]?[ \\t]*(?::-|[=:])[ \\t]*|["'][ \\t]*,[ \\t]*)["']?)(?:${weak})${end}`,
    'g',
  );
  const spaced = new RegExp(`\\b(ENV[ \\t]+)([A-Za-z_][\\w.-]*)([ \\t]+)(?:${weak})${end}`, 'g');
  const option = new RegExp(
    `((?:--?(?:requirepass|masterauth|password|passwd|pass)|redis-cli\\b[^;|\\n]{0,120}?[\\s"']-a)["']?(?:=|[\\s,]+)["']?|(?:mysql|mariadb)\\S*[^\\n;|]*?\\s-p|(?:curl|wget)\\b[^\\n;|]*?\\s(?:-u|--user)[=\\s]+["']?[\\w.@-]+:|\\b(?:PASSWORD|IDENTIFIED[ \\t]+BY)[ \\t]+')(?:${weak})${end}`,
    'g',
  );
  return (text) =>
    text
      .replace(named, (whole, name: string, between: string) =>
        isSecretName(name) ? `${name}${between}${MASK}` : whole,
      )
      .replace(spaced, (whole, start: string, name: string, gap: string) =>
        isSecretName(name) ? `${start}${name}${gap}${MASK}` : whole,
      )
      .replace(option, (_whole, start: string) => `${start}${MASK}`);
}
