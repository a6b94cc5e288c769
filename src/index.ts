/** The public API: read a repository, run transforms over it, show or write the result. */
export { transforms } from '../transforms/index.ts';
export { pythonWasm } from './assets.ts';
export { UserError } from './errors.ts';
export type { Change, Edit, Evidence, FileMode, Finding, Fix, Safety, Span } from './finding.ts';
export { findingsOnIgnores } from './output/check/ignores.ts';
export { diff, diffBytes } from './output/diff.ts';
export { json } from './output/json.ts';
export type { Palette } from './output/palette.ts';
export { type PrettyOptions, pretty } from './output/pretty.ts';
export { loadPython } from './parse/python.ts';
export {
  type Notice,
  type Outcome,
  type Run,
  type RunOptions,
  run,
  type Skip,
  type Step,
  type Turn,
} from './pipeline/run.ts';
export { gitPrefix, type Recovery, recover, scan, undo, type WriteReport, write } from './repo/disk.ts';
export { type Encoding, type FileChanges, Repo, type RepoFile, type RepoSource, type Unread } from './repo/repo.ts';
export { defineTransform, type FindRequest, type Transform } from './transform.ts';
