import type { Span } from '../../finding.ts';
import type { ComposeNode } from '../compose.ts';

/** Levels that a YAML tree may nest. */
export const MAX_DEPTH = 200;
const MAX_NODES = 100_000;

/** A reason to give up on the tree; caught by `readCompose` and turned into a problem. */
export class Unreadable extends Error {
  readonly start: number;
  readonly end: number;
  readonly hint: string;
  constructor(message: string, hint: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
    this.hint = hint;
  }
}

interface Size {
  readonly nodes: number;
  readonly height: number;
}

/** Counts the nodes of a file, those behind aliases every time they are shown. */
export class NodeBudget {
  private readonly sizes = new Map<ComposeNode, Size>();
  private total = 0;

  /** Node count and height of a subtree. */
  sizeOf(node: ComposeNode): Size {
    return this.sizes.get(node) ?? { nodes: 1, height: 1 };
  }

  /** Notes a size that is known already. */
  set(node: ComposeNode, size: Size): void {
    this.sizes.set(node, size);
  }

  /** Notes the size of a node from those of its children. */
  count(node: ComposeNode, children: readonly ComposeNode[], at: Span): void {
    this.spend(1, at);
    const sizes = children.map((child) => this.sizeOf(child));
    const nodes = sizes.reduce((sum, size) => sum + size.nodes, 1);
    this.sizes.set(node, { nodes, height: sizes.reduce((height, size) => Math.max(height, size.height), 0) + 1 });
  }

  /** Throws `Unreadable` when a file grows beyond its bounds. */
  spend(nodes: number, at: Span): void {
    this.total += nodes;
    if (this.total > MAX_NODES) {
      throw new Unreadable(
        `The YAML has more than ${MAX_NODES} values once aliases are followed.`,
        'Remove the nested aliases.',
        at.start,
        at.end,
      );
    }
  }
}
