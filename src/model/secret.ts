import { isToken } from './secret/shapes.ts';
import { exampleWords, isCommonPassword } from './secret/words.ts';

/** Settings about a secret (its length, its place, the part that everybody may know) are no secrets. */
const ABOUT =
  /(?:^|_)(?:PUBLIC|PUBLISHABLE|PUB|ALLOW|RANDOM|REQUIRE[DS]?|USE|ENABLED?|DISABLED?|HAS|IS|MIN|MAX|NUM|HASHER)(?:_|$)|(?:FILE|PATH|DIR|NAME|ID|LENGTH|SIZE|TTL|LIFETIME|EXPIR\w*|MINUTES|SECONDS|HOURS|DAYS|AGE|ALGORITHM|ALG|ISSUER|AUDIENCE|HEADER|PREFIX|TYPE|URL|URI|HOST|PORT|POLICY|ENCRYPTION|ROTATION|VERSION)S?$/;
const SECRET =
  /(?:^|_)(?:\w*PASS(?:WORD|WD|PHRASE)|PASS|PWD|PW|\w*SECRETS?|\w*TOKEN|\w*API_?KEY|(?:\w*_)?(?:SECRET|PRIVATE|ACCESS|ENCRYPTION|ENC|SIGNING|SIGN|MASTER|AUTH|JWT|APP|COOKIE|SESSION|SERVICE_ROLE|ACCOUNT|LICENSE|WEBHOOK|FERNET|HASH)_?KEY(?:_BASE)?|SECRET_KEY_BASE|\w*CREDENTIALS?|SALT|PEPPER|ERLANG_COOKIE|AUTHTOKEN|DSN)(?:_?(?:\d+|PLAIN|RAW|DEV|PROD|PRODUCTION|STAGING|B64|BASE64|HEX|OLD|NEW|CURRENT|PREVIOUS|VALUE|STRING))?$/;

/** `dbPassword`, `db.password` and `db-password` as `DB_PASSWORD`. */
const upper = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[.-]+/g, '_')
    .toUpperCase();

/** Whether a variable or setting of this name holds a secret: a password, a key, a token. */
export function isSecretName(name: string): boolean {
  const full = upper(name);
  if (LOGIN_NAME.test(full)) return true;
  return SECRET.test(full) && !ABOUT.test(full) && !/^(?:CSRF|XSRF)_|_POLICY|^POSTGRES_HOST_AUTH/.test(full);
}

/** A name such as `STRIPE_KEY`, which holds a secret only if its value looks like one. */
const isKeyName = (name: string): boolean => {
  const full = upper(name);
  return /_KEY$/.test(full) && !ABOUT.test(full) && !/(?:CACHE|PRIMARY|FOREIGN|SORT|PARTITION)_KEY$/.test(full);
};

/** Names whose value is a user and a password: `FLOWER_BASIC_AUTH`, `NEO4J_AUTH` (https://neo4j.com/docs/operations-manual/current/docker/). */
const LOGIN_NAME = /(?:^|_)(?:BASIC_?AUTH|NEO4_?J_AUTH)$/;
/** A hash is made to be shown; a number behind the colon is a port. */
const NO_PASSWORD = /^(?:\d{1,5}$|\/|\$+(?:apr1|2[abxy]|[156y]|argon2)|\{SHA\}|[\da-f]{32,}$)/;

/** The login that a variable such as `FLOWER_BASIC_AUTH=user:password` gives. */
export function loginOf(
  name: string,
  value: string,
): { readonly user: string; readonly joint: ':' | '/'; readonly password: string } | undefined {
  const full = upper(name);
  if (!/(?:^|_)AUTH$|BASICAUTH$/.test(full)) return undefined;
  const joint = /NEO4_?J_AUTH$/.test(full) ? '/' : ':';
  const at = value.indexOf(joint);
  const [user, password] = [value.slice(0, at), value.slice(at + 1)];
  if (at < 0 || !/^[A-Za-z][\w.@+-]*$/.test(user) || /\s/.test(password) || NO_PASSWORD.test(password))
    return undefined;
  return isSecretValue(password) && (LOGIN_NAME.test(full) || !isCommon(password))
    ? { user, joint, password }
    : undefined;
}

/** Whether `name=value` gives a secret away. */
export const isSecret = (name: string, value: string): boolean => {
  if (loginOf(name, value)) return true;
  if (!isSecretValue(value)) return false;
  if (isToken(value)) return true;
  if (LOGIN_NAME.test(upper(name))) return false;
  return isSecretName(name) ? !isDsnWithoutSecret(name, value) : isKeyName(name) && isRandom(value);
};

/** `mysql:host=db;dbname=shop` has no secret in it, and a URL with a password is looked at as a URL. */
const isDsnWithoutSecret = (name: string, value: string): boolean =>
  /DSN$/.test(upper(name)) && !/:\/\/[^\s/@:]{16,}@/.test(value);

const REFERENCE =
  /^(?:\$\{.*\}|\$\(.*\)|\$\w+|\{\{.*\}\}|\{.*\}|%\(\w+\)s|%s|%\w+%|<.*>|\[.*\]|\*+|\.{2,}|x+|@\w+@|__\w+__)$/i;
const ELSEWHERE = /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\|file:|vault:|op:\/\/|arn:|secretsmanager:|ssm:|env:|ref\+|sops:)/;
const NOTHING =
  /^(?:true|false|yes|no|on|off|none|null|nil|undefined|disabled?|enabled?|trust|md5|scram-sha-256|required?|optional|\d{1,3}|\d+(?:ms|s|m|h|d)|hs\d{3}|rs\d{3}|es\d{3}|bearer|basic)$/i;

/**
 * Whether a text can be a secret: not a reference (`${X}`, `/run/secrets/x`), not a placeholder that asks to be replaced
 * (`change-me`, `<your key>`), not a switch. A weak password is one all the same.
 */
export function isSecretValue(value: string): boolean {
  const text = value.trim();
  if (text.length < 2 || text.length > 10_000) return false;
  if (REFERENCE.test(text) || (ELSEWHERE.test(text) && !isBase64(text)) || NOTHING.test(text)) return false;
  if (/^\w[\w+.-]*:\/\/[^@\s]*$/.test(text) || /\$\{|\{\{|\$\(/.test(text)) return false;
  return !exampleWords(text);
}

/** Base64 may begin like a path: `/q3Zt…`. Both cases and digits, mixed in one segment, are no name of a folder. */
const isBase64 = (text: string): boolean =>
  /^\/[A-Za-z\d+/]{19,}={0,2}$/.test(text) &&
  text.split('/').some((part) => part.length >= 12 && /\d[A-Za-z]/.test(part) && /[a-z][A-Z]/.test(part));

/** Whether a value is so usual a word that it says nothing outside of its own place: `postgres`, `admin`, `shop_dev`. */
export const isCommon = (value: string): boolean => {
  const [, password] = /^[A-Za-z][\w.-]*:([^/].*)$/.exec(value) ?? [];
  if (password !== undefined) return isCommon(password);
  if (isCommonPassword(value)) return true;
  if (value.length >= 12) return false;
  return value.length < 6 || !(/\d/.test(value) && /[A-Za-z]/.test(value)) ? !hasMixedSigns(value) : false;
};

/** Letters of both cases, or signs that no name has. */
const hasMixedSigns = (value: string): boolean =>
  value.length >= 8 && (/[^\w.-]/.test(value) || (/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(value) && /[a-z]/.test(value)));

/** Long, with digits and letters mixed: nobody calls a thing like that. */
export const isRandom = (value: string): boolean =>
  /^[\w+/=.:-]{16,}$/.test(value) &&
  /\d/.test(value) &&
  /[A-Za-z]/.test(value) &&
  !/^[a-z]+(?:[-_.][a-z\d]+)+$/.test(value);

/** A user and password that stand in a URL. */
export interface UrlCredentials {
  readonly scheme: string;
  readonly user: string;
  /** As written, percent-encoding and `${…}` kept. */
  readonly password: string;
  readonly host: string;
  /** Offsets of the password in the text. */
  readonly start: number;
  readonly end: number;
}

const URL =
  /\b([a-z][a-z\d+.-]*):\/\/((?:\$\{[^{}]*\}|[^\s:@/"'`<>{}$])*):((?:\$\{[^{}]*\}|[^\s"'`<>/{}])+)@((?:\$\{[^{}]*\}|\[[\da-f:]+\]|[\w.-])+)/gi;

/** Every `scheme://user:password@host` of a text. */
export const credentialsIn = (text: string): readonly UrlCredentials[] =>
  text.includes('://')
    ? [...text.matchAll(URL)].map((match) => {
        const [, scheme = '', user = '', password = '', host = ''] = match;
        const start = match.index + scheme.length + 3 + user.length + 1;
        return { scheme, user, password, host, start, end: start + password.length };
      })
    : [];

/** Whether the password of a URL is one, and not the word that documentation puts there. */
export const isUrlSecret = ({ user, password }: UrlCredentials): boolean =>
  isSecretValue(password) &&
  !/^\*+$/.test(password) &&
  !(/^(?:user(?:name)?|utilisateur)$/i.test(user) && /^(?:pass(?:word|wd)?|pwd|mot-?de-?passe)$/i.test(password));
