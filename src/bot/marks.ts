import type { Comment } from '../forge/forge.ts';

const ANSWERS = /^<!-- dockfix answers (\d{1,19}) -->$/;
const IGNORES = /^<!-- dockfix ignores ([a-z\d-]{1,64}) -->$/;

/** What our earlier comments on a pull request say. */
export interface Memory {
  /** The comments that were answered. */
  readonly answered: ReadonlySet<number>;
  /** The transforms that somebody wants to leave out here. */
  readonly ignored: ReadonlySet<string>;
}

/** Makes the first lines of an answer; nobody sees them. */
export const answerMark = (comment: number): string => `<!-- dockfix answers ${comment} -->`;
export const ignoreMark = (transform: string): string => `<!-- dockfix ignores ${transform} -->`;

/** Reads the marks of our own comments; whoever else writes one has said nothing. */
export function memoryOf(comments: readonly Comment[], self: string | undefined): Memory {
  const answered = new Set<number>();
  const ignored = new Set<string>();
  for (const { author, body } of comments) {
    if (self === undefined || author !== self) continue;
    for (const line of body.split(/\r?\n/)) {
      const answer = ANSWERS.exec(line)?.[1];
      const transform = IGNORES.exec(line)?.[1];
      if (answer !== undefined) answered.add(Number(answer));
      else if (transform !== undefined) ignored.add(transform);
      // What follows is text for people, and may quote anything.
      else break;
    }
  }
  return { answered, ignored };
}
