/** What dockfix writes, unseen, into the text of a pull request or a comment, to know it again. */
const MARK = /<!-- dockfix:([a-z-]+)(?:=([0-9a-f]+))? -->/g;

/** The mark of that name: an HTML comment, which no forge shows. */
export const markOf = (name: MarkName, value?: string): string =>
  `<!-- dockfix:${name}${value === undefined ? '' : `=${value}`} -->`;

export type MarkName =
  /** The findings that a pull request repairs. */
  | 'findings'
  /** The title and text that dockfix wrote: what a person adds to them is kept until they change. */
  | 'text'
  /** Dockfix closed the pull request, because nothing was left to repair. */
  | 'closed'
  /** The comment that says why a branch is left alone. */
  | 'foreign'
  /** The comment that says that nothing is left to repair, where the branch is left alone. */
  | 'needless';

/** The marks of a text; one without a value has an empty one. Of two with one name the last counts. */
export const marksIn = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(MARK)].map(([, name = '', value = '']) => [name, value]));

/** A text in which nothing passes for a mark: what stands in a repository may look like one. */
export const withoutMarks = (text: string): string => text.replaceAll('<!-- dockfix:', '<!-- dockfix\u200b:');
