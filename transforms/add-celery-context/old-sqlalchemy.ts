import type { Stack } from '../../src/model/stack.ts';

const MANIFEST =
  /(?:^|\/)(?:requirements[\w.-]*\.(?:txt|in)|requirements\/[\w.-]+\.txt|pyproject\.toml|Pipfile|setup\.(?:cfg|py)|(?:poetry|uv|pdm|Pipfile)\.lock)$/;
const OLD = [
  // requirements: ==2.5.1, ~=2.5, >=2.4,<3
  /flask[-_]sqlalchemy["']?\s*(?:==|~=|<=)\s*[12](?:\.|["'\s]|$)/im,
  /flask[-_]sqlalchemy[^\n#]*<\s*3(?:\.0)*(?!\.?\d)/i,
  // pyproject.toml, Pipfile: "^2.5", {version = "2.5.1"}
  /flask[-_]sqlalchemy["']?\s*=\s*(?:\{[^}\n]*version\s*=\s*)?["']\s*(?:\^|~=?|==)?\s*[12]\./i,
  // lock files
  /name = "flask-sqlalchemy"\s+version = "[12]\./i,
  /"flask-sqlalchemy":\s*\{[^}]*"version":\s*"==[12]\./i,
];

/** True when a manifest holds Flask-SQLAlchemy below version 3, which falls back to the app that it was made with. */
export const hasOldSqlalchemy = (stack: Stack): boolean =>
  stack.repo.paths.some((path) => {
    const text = MANIFEST.test(path) ? (stack.repo.read(path) ?? '') : '';
    return OLD.some((each) => each.test(text));
  });
