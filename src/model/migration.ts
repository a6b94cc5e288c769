import type { Span } from '../finding.ts';
import type { StartCommand } from './process.ts';
import type { ServiceView } from './stack.ts';

/** A migration command that a service runs at start. */
export interface MigrationRun {
  readonly view: ServiceView;
  readonly command: StartCommand;
  /** `flask db upgrade`, `alembic upgrade` … */
  readonly tool: string;
  readonly at: Span;
}

/** The migrations that a service runs at start, conditional ones included, in order. */
export const migrationsOf = (view: ServiceView): readonly MigrationRun[] =>
  view.startup.commands
    .filter((command) => command.program.role === 'migration')
    .map((command) => ({ view, command, tool: command.program.name, at: command.at }));
