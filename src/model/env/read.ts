import type { Evidence, Span } from '../../finding.ts';

/** A variable that source code reads from its environment. */
export interface EnvRead {
  readonly name: string;
  /** Every name that will do (pydantic's `AliasChoices`), `name` first. */
  readonly names: readonly string[];
  /** Upper and lower case are the same to the reader. */
  readonly anyCase: boolean;
  readonly at: Span;
  /** `required`: without it the process stops when it starts, or the first time that it is configured. */
  readonly need: 'required' | 'optional';
  /** The literal that stands in for a missing variable. */
  readonly fallback: { readonly text: string; readonly at: Span } | undefined;
  /** What stands at `at`, then what makes it required. */
  readonly evidence: readonly Evidence[];
}

/** A file of variables that the process itself loads (`load_dotenv`, `env_file` of pydantic-settings). */
export interface EnvFileLoad {
  /** As written; `undefined` when it is computed. */
  readonly file: string | undefined;
  /** Its values win over those of the environment. */
  readonly override: boolean;
  readonly at: Span;
}
