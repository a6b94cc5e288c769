import { html, type Markup, trusted } from '../../markup.ts';
import { visible } from '../../visible.ts';

/** A patch as markup, and what it changes. */
export interface ShownDiff {
  readonly files: readonly ShownFile[];
}

/** The part of a patch that changes one file. */
export interface ShownFile {
  /** As the patch names it. */
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  /** How the file itself changes: `new file`, `made executable`; empty for an edit. */
  readonly how: string;
  /** Its hunks; one column or two as the page has room. */
  readonly hunks: Markup;
}

type Parser = typeof import('diff2html');
type Rendering = typeof import('diff2html/lib/render-utils.js');
type DiffFile = ReturnType<Parser['parse']>[number];
type DiffLine = DiffFile['blocks'][number]['lines'][number];

/** Beyond these it costs more time to pair lines or mark words than it helps. */
const MAX_PAIRS = 900;
const MAX_LETTERS = 300;
/** Lines whose edits are more than this share of their letters are two lines, not one that was changed. */
const UNLIKE = 0.3;

/** Loads what shows patches; answers a function that does it. */
export async function diffReader(): Promise<(patch: string) => ShownDiff> {
  const [{ parse }, { diffHighlight }, { newDistanceFn, newMatcherFn }] = await Promise.all([
    import('diff2html'),
    import('diff2html/lib/render-utils.js'),
    import('diff2html/lib/rematch.js'),
  ]);
  const distance = newDistanceFn((line: DiffLine) => line.content.slice(1));
  const matcher = newMatcherFn(distance);
  const parts: Parts = { diffHighlight, distance, matcher };
  return (patch) => ({
    files: sectionsOf(patch).flatMap((section) =>
      parse(readable(section)).map((file) => shownFile(file, section, parts)),
    ),
  });
}

/** The part of each file: a line of its text never begins like this. */
const sectionsOf = (patch: string): readonly string[] => patch.split(/^(?=diff --git )/m).filter((part) => part !== '');

interface Parts {
  readonly diffHighlight: Rendering['diffHighlight'];
  readonly distance: (one: DiffLine, other: DiffLine) => number;
  /** Which old lines became which new ones: pairs, and what has no counterpart between them. */
  readonly matcher: (old: DiffLine[], next: DiffLine[]) => DiffLine[][][];
}

const NO_NEWLINE = '\\ No newline at end of file';

/**
 * The patch as it can be shown: control characters visible, but for the line ends of Windows where a file has no others.
 * diff2html cuts lines at lone carriage returns and drops its own marker wherever it stands, even in a file's text.
 */
function readable(patch: string): string {
  const lines = patch.split('\n');
  const ofFile = lines.filter((line) => /^[ +-]/.test(line) && !/^(?:---|\+\+\+) /.test(line));
  const windows = ofFile.length > 0 && ofFile.every((line) => line.endsWith('\r'));
  return lines
    .map((line) => (windows ? line.replace(/\r$/, '') : line))
    .map((line) =>
      line.startsWith('\\') ? line : visible(line).replaceAll(NO_NEWLINE, NO_NEWLINE.replace(' ', '\u00a0')),
    )
    .join('\n');
}

function shownFile(file: DiffFile, patch: string, parts: Parts): ShownFile {
  const digits = Math.max(
    2,
    ...file.blocks.map(({ lines }) => `${lines.at(-1)?.newNumber ?? lines.at(-1)?.oldNumber ?? 0}`.length),
  );
  const blocks = file.blocks.map(
    ({ header, lines }) =>
      html`<div class="hunk">${header}</div>${groupsOf(lines).map((group) => groupRows(group, parts))}`,
  );
  return {
    path: file.newName === '/dev/null' ? file.oldName : file.newName,
    added: file.addedLines,
    removed: file.deletedLines,
    how: howOf(file),
    hunks: html`<div class="diff" style="--digits:${digits}">${blocks}${endNote(patch)}</div>`,
  };
}

function howOf({ isNew, isDeleted, isRename, oldMode, newMode }: DiffFile): string {
  const parts = [isNew && 'new file', isDeleted && 'removed', isRename && 'renamed'];
  if (oldMode !== undefined && newMode !== undefined)
    parts.push(newMode === '100755' ? 'made executable' : 'no longer executable');
  return parts.filter(Boolean).join(', ');
}

/** What the patch says of the end of the file, when it changes that. */
function endNote(patch: string): Markup | undefined {
  const [old, next] = [/^-.*\n\\/m.test(patch), /^\+.*\n\\/m.test(patch)];
  if (old === next) return undefined;
  return html`<div class="hunk">${old ? 'No newline at the end of the file before' : 'No newline at the end of the file after'}</div>`;
}

/** Lines that stand next to each other: unchanged ones, or what was taken away and what came in its place. */
type Group =
  | { readonly same: readonly DiffLine[] }
  | { readonly old: readonly DiffLine[]; readonly next: readonly DiffLine[] };

function groupsOf(lines: readonly DiffLine[]): readonly Group[] {
  const groups: { same: DiffLine[]; old: DiffLine[]; next: DiffLine[] }[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    const isSame = line.type === 'context';
    const starts = !last || isSame !== last.same.length > 0 || (line.type === 'delete' && last.next.length > 0);
    const group = starts ? { same: [], old: [], next: [] } : last;
    if (starts) groups.push(group);
    (isSame ? group.same : line.type === 'delete' ? group.old : group.next).push(line);
  }
  return groups.map(({ same, old, next }) => (same.length > 0 ? { same } : { old, next }));
}

function groupRows(group: Group, parts: Parts): Markup {
  if ('same' in group) return html`${group.same.map((line) => sameRow(line))}`;
  const { old, next } = group;
  const isLarge =
    old.length * next.length > MAX_PAIRS || [...old, ...next].some(({ content }) => content.length > MAX_LETTERS);
  if (isLarge) return change(old, next, parts);
  const pieces = old.length > 0 && next.length > 0 ? parts.matcher([...old], [...next]) : [[[...old], [...next]]];
  return html`${pieces.map(([old = [], next = []]) => change(old, next, parts))}`;
}

const sameRow = (line: DiffLine): Markup => {
  const text = html`${line.content.slice(1)}`;
  return html`<div class="row">${cell('same twin', line.oldNumber, ' ', text)}${cell('same', line.newNumber, ' ', text)}</div>`;
};

/** Old lines and new ones: below each other in one column, side by side in two. */
function change(old: readonly DiffLine[], next: readonly DiffLine[], { diffHighlight, distance }: Parts): Markup {
  const [from, to] = [old[0], next[0]];
  const alike =
    old.length === 1 &&
    next.length === 1 &&
    from !== undefined &&
    to !== undefined &&
    Math.max(from.content.length, to.content.length) <= MAX_LETTERS &&
    distance(from, to) < UNLIKE;
  const words = alike ? diffHighlight(from.content, to.content, false, {}) : undefined;
  const textOf = (line: DiffLine, highlighted: string | undefined): Markup =>
    highlighted === undefined ? html`${line.content.slice(1)}` : trusted(highlighted);
  return html`<div class="row ${old.length === 0 ? 'added' : next.length === 0 ? 'removed' : 'edited'}">${[
    ...old.map((line) => cell('del', line.oldNumber, '-', textOf(line, words?.oldLine.content))),
    ...next.map((line) => cell('ins', line.newNumber, '+', textOf(line, words?.newLine.content))),
  ]}</div>`;
}

/** One line of one side; the twin of an unchanged line shows only where there are two columns, and is read once. */
const cell = (kind: string, number: number | undefined, mark: string, text: Markup): Markup =>
  html`<div class="l ${kind}"${kind.includes('twin') && html` aria-hidden="true"`}><span class="n">${number}</span><span class="m">${mark}</span><span class="t">${text}</span></div>`;
