import type { Span } from '../../finding.ts';
import { distributionName } from '../image/manifest-packages.ts';

/** An entry of a list of requirements. */
export interface ListedPackage {
  /** Normalised. */
  readonly name: string;
  /** As written, for lists that are sorted with capitals first. */
  readonly written: string;
  readonly at: Span;
}

/** Where a new entry goes: directly behind an entry of the list, or before the first one. */
export interface RequirementPlace {
  readonly side: 'before' | 'after';
  readonly anchor: ListedPackage;
}

/** Distributions that people keep together, the closest ones first. */
const FAMILIES: readonly RegExp[] = [
  /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress|granian|uwsgi|gevent|eventlet)$/,
  /^flask/,
  /^(?:django|djangorestframework|drf-|whitenoise)/,
  /^(?:fastapi|starlette|python-multipart)/,
  /^(?:psycopg|asyncpg|pymysql|mysqlclient|aiomysql|aiosqlite|pymongo|motor)/,
  /^(?:sqlalchemy|sqlmodel|alembic|flask-sqlalchemy|flask-migrate)/,
  /^(?:celery|flower|kombu|redis|rq)/,
  /^(?:pydantic|email-validator|python-dotenv|python-decouple|environs|django-environ)/,
  /^(?:pyjwt|python-jose|passlib|bcrypt)/,
  /^(?:requests|httpx|beautifulsoup4|aiohttp)/,
  /^(?:numpy|pandas|scikit-learn|opencv|pillow)/,
];
/** Families to look at when a family of its own is not there. */
const NEAR: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:gunicorn|uvicorn|hypercorn|daphne|waitress|granian|uwsgi)$/, /^(?:flask|django|fastapi|starlette|quart)$/],
  [/^(?:psycopg|asyncpg|pymysql|mysqlclient|aiomysql)/, /sqlalchemy|sqlmodel|^django$/],
  [/^(?:email-validator)/, /^(?:fastapi|wtforms)/],
];

const bare = (name: string): string => distributionName(name).replace(/\[.*$/, '');

/** The last entry of a list that belongs together with a distribution. */
export function relativeOf(packages: readonly ListedPackage[], wanted: string): ListedPackage | undefined {
  const name = bare(wanted);
  const family = FAMILIES.filter((pattern) => pattern.test(name))
    .map((pattern) => packages.findLast((each) => pattern.test(bare(each.name))))
    .find(Boolean);
  if (family) return family;
  const near = NEAR.filter(([pattern]) => pattern.test(name)).map(([, each]) => each);
  const first = packages.findLastIndex((each) => near.some((pattern) => pattern.test(bare(each.name))));
  const end = packages.findIndex((each, index) => index > first && !follows(packages[index - 1], each));
  return first < 0 ? undefined : packages.at(end < 0 ? -1 : end - 1);
}

/** Flask's own extensions, on the lines below it, stay with it. */
const follows = (previous: ListedPackage | undefined, { name, at }: ListedPackage): boolean =>
  previous !== undefined &&
  at.start - previous.at.end <= 2 &&
  bare(name).startsWith(`${bare(previous.name).replace(/-.*$/, '')}-`);

/** In a sorted list the sorted place, else behind its relatives, else at the end; `undefined` in an empty list. */
export function placeIn(packages: readonly ListedPackage[], wanted: string): RequirementPlace | undefined {
  const [first] = packages;
  const last = packages.at(-1);
  if (!first || !last) return undefined;
  const key = sortKey(packages);
  if (!key) return { side: 'after', anchor: relativeOf(packages, wanted) ?? last };
  const before = packages.findLast((each) => key(each.written) < key(wanted));
  return before ? { side: 'after', anchor: before } : { side: 'before', anchor: first };
}

/** How a list of three or more is sorted. */
function sortKey(packages: readonly ListedPackage[]): ((name: string) => string) | undefined {
  if (packages.length < 3) return undefined;
  const plain = (name: string): string => name.replace(/[[<>=!~;\s].*$/s, '');
  const keys = [bare, (name: string) => plain(name).toLowerCase(), plain];
  return keys.find((key) =>
    packages.every(({ written }, index) => index === 0 || key(packages[index - 1]?.written ?? '') <= key(written)),
  );
}
