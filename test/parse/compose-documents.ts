/** A small random source, so that one number names a document and the operation on it. */
export class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** A comment of a document and the path of the node it belongs to. */
export interface OwnedComment {
  readonly mark: string;
  readonly owner: readonly string[];
}

export interface RandomDocument {
  readonly text: string;
  readonly comments: readonly OwnedComment[];
  readonly hasAliases: boolean;
}

/** Writes a compose-like document in a random layout. */
export const randomDocument = (dice: Dice): RandomDocument => new Writer(dice).document();

const SCALARS = [
  'web',
  '"quoted: # text"',
  "'it''s'",
  '8080',
  'true',
  '"80:80"',
  '${TAG:-latest}',
  'a:b',
  '0755',
  'some words',
  '~',
  'ünï ☃',
];
const KEYS = [
  'image',
  'build',
  'ports',
  'environment',
  'command',
  'volumes',
  '"quoted key"',
  'x-y',
  'A_1',
  'deploy',
  '80',
  'labels',
];

class Writer {
  private readonly lines: string[] = [];
  private readonly comments: OwnedComment[] = [];
  private readonly anchors: string[] = [];
  private readonly mapAnchors: string[] = [];
  private readonly step: number;
  private readonly dash: number;
  private readonly commented: boolean;
  private readonly spaced: boolean;
  private readonly anchored: boolean;
  private hasAliases = false;
  private anchorCount = 0;
  private readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
    this.step = dice.pick([2, 4]);
    this.dash = dice.pick([0, this.step]);
    this.commented = dice.chance(70);
    this.spaced = dice.chance(50);
    this.anchored = dice.chance(30);
  }

  document(): RandomDocument {
    const { dice } = this;
    if (dice.chance(30)) this.comment(0, []);
    if (dice.chance(15)) this.lines.push('---');
    const sections = ['services', 'volumes', 'networks', 'x-base', 'version'].filter(() => dice.chance(60));
    if (sections.length === 0) sections.push('services');
    if (sections.includes('x-base')) sections.sort((a, b) => Number(b === 'x-base') - Number(a === 'x-base'));
    this.entries(sections, 0, [], 0, false);
    if (dice.chance(15)) this.comment(0, []);
    const eol = dice.chance(25) ? '\r\n' : '\n';
    const text = (dice.chance(10) ? '\uFEFF' : '') + this.lines.join(eol) + (dice.chance(80) ? eol : '');
    return { text, comments: this.comments, hasAliases: this.hasAliases };
  }

  private mark(owner: readonly string[]): string {
    const mark = `#m${this.comments.length}.`;
    this.comments.push({ mark, owner });
    return mark;
  }

  private comment(column: number, owner: readonly string[]): void {
    if (this.commented) this.lines.push(`${' '.repeat(column)}${this.mark(owner)} text: [here]`);
  }

  private tail(owner: readonly string[]): string {
    return this.commented && this.dice.chance(15) ? ` ${this.mark(owner)}` : '';
  }

  private above(column: number, container: readonly string[], owner: readonly string[], index: number): void {
    const { dice } = this;
    if (this.spaced && index > 0 && dice.chance(70)) this.lines.push('');
    if (dice.chance(8) && this.lines.length > 0 && this.lines.at(-1)?.trim() !== '')
      this.lines.push(dice.pick(['', '  ']));
    const hasContentAbove = this.lines.some((line) => !/^\s*(#.*)?$/.test(line) && line !== '---');
    if (dice.chance(8) && this.commented) {
      this.lines.push('');
      this.comment(column, container);
      this.lines.push('');
    }
    if (hasContentAbove && dice.chance(20)) this.comment(column, owner);
  }

  private entries(
    keys: readonly string[],
    column: number,
    path: readonly string[],
    depth: number,
    onDashLine: boolean,
  ): void {
    keys.forEach((source, index) => {
      const owner = [...path, source.replaceAll('"', '')];
      const onDash = onDashLine && index === 0;
      if (!onDash) this.above(column, path, owner, index);
      const prefix = onDash ? `${this.lines.pop() ?? ''}${source}:` : `${' '.repeat(column)}${source}:`;
      this.value(prefix, column, owner, depth);
    });
  }

  private value(prefix: string, column: number, owner: readonly string[], depth: number): void {
    const { dice } = this;
    if (this.anchored && dice.chance(12) && this.anchors.length > 0) {
      this.hasAliases = true;
      this.lines.push(`${prefix} *${dice.pick(this.anchors)}${this.tail(owner)}`);
      return;
    }
    this.anchorCount += 1;
    const anchor = this.anchored && dice.chance(20) ? `n${this.anchorCount}` : undefined;
    const head = anchor ? `${prefix} &${anchor}` : prefix;
    const kind = depth < 1 ? dice.below(4) : depth > 3 ? 4 + dice.below(6) : dice.below(10);
    if (kind < 4) {
      this.lines.push(head + this.tail(owner));
      const keys = KEYS.filter(() => dice.chance(25));
      if (keys.length === 0) keys.push('image');
      const child = column + this.step;
      if (this.anchored && this.mapAnchors.length > 0 && dice.chance(30)) {
        this.hasAliases = true;
        this.lines.push(`${' '.repeat(child)}<<: *${dice.pick(this.mapAnchors)}`);
      }
      this.entries(keys, child, owner, depth + 1, false);
      if (anchor) this.mapAnchors.push(anchor);
      if (dice.chance(8) && !this.endsInScalarBlock()) this.comment(child, owner);
    } else if (kind < 6) {
      this.lines.push(head + this.tail(owner));
      this.items(column + (onlySpaces(prefix) ? this.step : this.dash), owner, depth + 1);
    } else if (kind === 6) {
      this.flow(head, owner, column);
    } else if (kind === 7) {
      this.lines.push(
        `${head} ${dice.pick(['|', '>', '|-', '>-'])}`,
        ...['first', '', '# no comment', '  deeper'].map((line) => line && ' '.repeat(column + this.step) + line),
      );
    } else if (kind === 8 && dice.chance(50)) {
      this.lines.push(`${head}${dice.pick(['', ' {}', ' []', ' null'])}${this.tail(owner)}`);
    } else {
      this.lines.push(`${head} ${dice.pick(SCALARS)}${this.tail(owner)}`);
    }
    if (anchor) this.anchors.push(anchor);
  }

  private endsInScalarBlock(): boolean {
    return this.lines.at(-1)?.trim() === 'deeper';
  }

  private flow(head: string, owner: readonly string[], column: number): void {
    const { dice } = this;
    const isMap = dice.chance(50);
    const parts = Array.from({ length: 1 + dice.below(4) }, (_, index) => {
      const value = dice.pick(['one', '"two, three"', '4', '[5, 6]', '{ seven: 8 }']);
      return isMap ? `k${index}: ${value}` : value;
    });
    const [open, close] = isMap ? ['{', '}'] : ['[', ']'];
    const last = dice.chance(20) ? ',' : '';
    if (dice.chance(60)) {
      const space = dice.pick(['', ' ']);
      this.lines.push(
        `${head} ${open}${space}${parts.join(dice.pick([', ', ',  ']))}${last}${space}${close}${this.tail(owner)}`,
      );
      return;
    }
    const indent = ' '.repeat(column + this.step);
    this.lines.push(`${head} ${open}`);
    parts.forEach((part, index) => {
      const key = isMap ? `k${index}` : String(index);
      this.lines.push(`${indent}${part}${index < parts.length - 1 ? ',' : last}${this.tail([...owner, key])}`);
    });
    this.lines.push(`${dice.chance(50) ? ' '.repeat(column + 1) : indent}${close}`);
  }

  private items(column: number, path: readonly string[], depth: number): void {
    const { dice } = this;
    const count = 1 + dice.below(4);
    for (let index = 0; index < count; index += 1) {
      const owner = [...path, String(index)];
      this.above(column, path, owner, index);
      const start = `${' '.repeat(column)}-`;
      const kind = depth > 3 ? 9 : dice.below(10);
      if (kind < 3) {
        this.lines.push(`${start} `);
        this.entries(['type', 'source', 'target'].slice(0, 1 + dice.below(3)), column + 2, owner, depth + 1, true);
      } else if (kind === 3) {
        this.flow(start, owner, column);
      } else {
        this.lines.push(`${start} ${dice.pick(SCALARS)}${this.tail(owner)}`);
      }
    }
  }
}

/** True for a key that follows a dash: its list has to stand deeper than the dash. */
const onlySpaces = (prefix: string): boolean => /^\s*-\s/.test(prefix);
