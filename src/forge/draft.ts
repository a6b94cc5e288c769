/** How a forge that knows drafts by their titles marks them. */
export interface DraftMarks {
  /** The title with the mark, once. */
  readonly with: (title: string) => string;
  /** The title without any mark at its beginning. */
  readonly without: (title: string) => string;
  readonly has: (title: string) => boolean;
}

/** Marks with `prefix`, and recognises every `mark` at the beginning of a title. */
export function draftMarks(prefix: string, mark: RegExp): DraftMarks {
  const without = (title: string): string => {
    const rest = title.replace(mark, '');
    return rest === title ? title : without(rest);
  };
  return { with: (title) => `${prefix}${without(title)}`, without, has: (title) => mark.test(title) };
}
