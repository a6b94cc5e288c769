import type { Notice, Outcome } from '../pipeline/run.ts';

/** What an error message can name. A pattern captures them as groups of the same name. */
export type Name =
  | 'program'
  | 'path'
  | 'variable'
  | 'host'
  | 'port'
  | 'module'
  | 'relation'
  | 'image'
  | 'volume'
  | 'dependency'
  | 'task'
  | 'user'
  | 'service';

/** What one error message names. */
export type Names = Readonly<Partial<Record<Name, string>>>;

/** A transform whose findings can be the cause of a symptom. */
export interface Suspect {
  readonly transform: string;
  /** A finding is the cause only if it mentions these, as far as the message names them. */
  readonly by: readonly Name[];
  /** True when it must do so in its first sentence, because its proof or its repair names others that are right. */
  readonly inMessage?: true;
  /** What the finding, its proof or a line that it points at must say besides. */
  readonly telling?: RegExp;
}

/** An error message that is understood: how tools print it, what it means, and which findings explain it. */
export interface Symptom {
  readonly id: string;
  /** Matched against a line without its prefixes, or, where a pattern contains `\n`, the line before and the line. */
  readonly patterns: readonly RegExp[];
  /** Also printed where nothing is wrong: worth telling only when a finding explains it. */
  readonly weak?: true;
  /** A finding may explain it though the message names nothing that the finding could mention. */
  readonly vague?: true;
  readonly means: (names: Names) => string;
  /** The likeliest first. */
  readonly suspects: readonly Suspect[];
  /** What a person should look at when the repository shows no cause. */
  readonly look: (names: Names) => readonly string[];
  /** Names that are looked up in the repository, to show where to look. */
  readonly search: readonly Name[];
}

/** A line of a log without what tools put around it. */
export interface LogLine {
  readonly text: string;
  /** As the prefix says it: a service, a container, or a build stage. */
  readonly source: string | undefined;
}

/** A place of the program's own source that a stack trace names. Paths are those of the container. */
export interface Frame {
  readonly path: string;
  readonly line: number;
}

/** A symptom as it was seen in a log: the first time, and how often. */
export interface Sighting {
  readonly symptom: Symptom;
  /** The line of the log, counted from one. */
  readonly line: number;
  readonly count: number;
  readonly quote: string;
  /** The service, container or stage that said it, as the log calls it. */
  readonly source: string | undefined;
  readonly names: Names;
  readonly frame: Frame | undefined;
}

/** What is kept of a log. */
export interface Reading {
  readonly lines: number;
  readonly sightings: readonly Sighting[];
  /** There were more different error messages than are kept. */
  readonly cut: boolean;
}

/** Why something happened, as far as the repository shows it. */
export type Cause =
  | {
      readonly kind: 'finding';
      readonly transform: string;
      /** Counted from one, as `dockfix explain --finding` takes it. */
      readonly number: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'notice'; readonly notice: Notice };

/** A line of a file of the repository. */
export interface RepositoryPlace {
  readonly path: string;
  readonly line: number;
}

/** A line of the repository that speaks of what a message names. */
export interface Lead extends RepositoryPlace {
  readonly text: string;
}

/** A symptom joined with what the repository says about it. */
export interface Diagnosis {
  readonly sighting: Sighting;
  /** The service of the repository that it is about. */
  readonly service: string | undefined;
  readonly causes: readonly Cause[];
  /** Where to look; filled only when there is no cause. */
  readonly leads: readonly Lead[];
}
