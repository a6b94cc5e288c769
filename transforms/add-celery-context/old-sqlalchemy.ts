import type { Stack } from '../../src/model/stack.ts';

const MANIFEST =
  /(?:^|\/)(?:requirements[\w.-]*\.(?:txt|in)|requirements\/[\w.-]+\.txt|pyproject\.toml|Pipfile|setup\.(?:cfg|py))$/;
const OLD =
  /flask[-_]sqlalchemy["']?\s*(?:=\s*["']\s*[\^~]?|(?:==|~=|<=)\s*)[12](?:\.|["'\s]|$)|flask[-_]sqlalchemy[^\n#]*<\s*3(?:\.0)*(?!\.?\d)/i;

/** True when a manifest holds Flask-SQLAlchemy below version 3, which falls back to the app that it was made with. */
export const hasOldSqlalchemy = (stack: Stack): boolean =>
  stack.repo.paths.some((path) => MANIFEST.test(path) && OLD.test(stack.repo.read(path) ?? ''));
