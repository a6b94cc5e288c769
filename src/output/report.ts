import type { Safety } from '../finding.ts';
import type { Notice, Skip } from '../pipeline/run.ts';
import type { Transform } from '../transform.ts';
import type { Verification } from '../verify/verdict.ts';

/** A line of a file; without a line where an earlier repair of the same run put it there. */
export interface ReportPlace {
  readonly path: string;
  readonly line?: number;
  /** The text of that line, secrets masked; absent when there is none. */
  readonly text?: string;
}

/** One thing that is wrong, with all that a person wants to know about it. All texts are without secrets. */
export interface ReportProblem {
  /** Counted from one, as `dockfix explain --finding` takes it. */
  readonly number: number;
  readonly transform: Transform;
  /** What is wrong, then what follows from it. */
  readonly message: string;
  /**
   * How it shows: the error message that people see, as the message quotes it with the names of this repository, else the example of
   * the transform's page. Several lines; absent when it shows nowhere.
   */
  readonly shows?: string;
  /** True when `shows` is that example, whose names are not of this repository. */
  readonly showsExample?: true;
  readonly at: ReportPlace;
  readonly evidence: readonly { readonly at: ReportPlace; readonly says: string }[];
  readonly repair?: {
    readonly title: string;
    readonly safety: Safety;
    /** The patch of this repair alone, masked; empty when it is not applied. */
    readonly diff: string;
  };
  /** Why it is not repaired, in words; absent when it is. */
  readonly left?: { readonly reason: Skip; readonly says: string };
  readonly advice?: string;
}

/** Something that a person still has to do: create .env, replace a secret, read a hunk, follow instructions. */
export interface ReportTask {
  readonly kind: 'variables' | 'secrets' | 'manual' | 'review' | 'unread';
  /** Imperative. */
  readonly text: string;
  /** More lines below it: names of variables, instructions. */
  readonly details: readonly string[];
  /** The problems that it comes from. */
  readonly problems: readonly number[];
}

/** How to see that it works: a command of this stack, and what it should show. */
export interface ReportCheck {
  readonly command: string;
  readonly expects: string;
}

/** One service of a Compose project, before or after the repairs. */
export interface ReportService {
  /** Its name where that is unique among the services of the graph, else `file#name`; links speak of it. */
  readonly id: string;
  /** The Compose file that it stands in; the Dockerfile of a container that no Compose file knows. */
  readonly file: string;
  readonly name: string;
  /** `built from api/Dockerfile`, `postgres:16`. */
  readonly runs: string;
  /** The program that it starts as far as that is known, `gunicorn wsgi:app`. */
  readonly program?: string;
  readonly ports: readonly { readonly host?: string; readonly container: string }[];
  /** In words: `GET /health on port 8000`, `pg_isready`, or absent. */
  readonly healthcheck?: string;
  /** What kind of thing it is, for its shape in the graph. */
  readonly role: 'store' | 'web' | 'worker' | 'task' | 'proxy' | 'other';
}

/** A line between two services; both ends are ids. */
export interface ReportLink {
  readonly from: string;
  readonly to: string;
  /** `waits` is depends_on; `uses` is a connection. */
  readonly kind: 'waits' | 'uses';
  /** `healthy`, `started`, `completed` for waits; the protocol or the port for uses. */
  readonly label?: string;
}

/** The services of a repository and how they hang together. */
export interface ReportGraph {
  readonly services: readonly ReportService[];
  readonly links: readonly ReportLink[];
}

/** What a run changes in one file, in path order. */
export interface ReportFile {
  readonly path: string;
  readonly kind: 'created' | 'edited' | 'removed' | 'renamed';
  readonly from?: string;
  /** The patch of this file, masked. */
  readonly diff: string;
  /** The problems whose repairs change it. */
  readonly problems: readonly number[];
}

/** The correction document of a repository: what its formats show. Pure data, in a stable order, without secrets. */
export interface Report {
  /** The folder's name. */
  readonly title: string;
  /** Those that are only worth knowing (`no fix`) come after the others; in each part in the order of their numbers. */
  readonly problems: readonly ReportProblem[];
  readonly tasks: readonly ReportTask[];
  readonly checks: readonly ReportCheck[];
  readonly before: ReportGraph;
  readonly after: ReportGraph;
  readonly files: readonly ReportFile[];
  readonly notices: readonly Notice[];
  readonly errors: readonly { readonly transform: string; readonly message: string }[];
  /** The options that chose the transforms (`--group hygiene`), for commands that are to do the same; absent when there were none. */
  readonly selection?: readonly string[];
  /** What `dockfix verify` saw, when it was run. */
  readonly verification?: Verification;
}
