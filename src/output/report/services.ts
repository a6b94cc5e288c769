import { cellCode, markdownText } from '../markdown-text.ts';
import type { Report, ReportService } from '../report.ts';

/** The services before and after in one table: what changed stands as `before → after`; empty without services. */
export function servicesTable({ before, after }: Report): readonly string[] {
  const ids = [...new Set([...after.services, ...before.services].map(({ id }) => id))];
  if (ids.length === 0) return [];
  const files = new Set([...before.services, ...after.services].map(({ file }) => file));
  const rows = ids.map((id) => {
    const old = before.services.find((service) => service.id === id);
    const now = after.services.find((service) => service.id === id);
    return row(old, now, files.size > 1);
  });
  const heads = ['service', ...(files.size > 1 ? ['file'] : []), 'runs', 'program', 'ports', 'healthcheck'];
  return [[line(heads), line(heads.map(() => '---')), ...rows].join('\n')];
}

function row(old: ReportService | undefined, now: ReportService | undefined, withFile: boolean): string {
  const shown = now ?? old;
  const both = (text: (service: ReportService) => string): string => {
    const [was, is] = [old, now].map((service) => (service ? text(service) : undefined));
    if (was === undefined || is === undefined || was === is) return is ?? was ?? '';
    return `${was === '' ? 'none' : was} → ${is === '' ? 'none' : is}`;
  };
  const fate = !now ? ' (removed)' : !old ? ' (new)' : '';
  return line([
    `**${markdownText(shown?.name ?? '')}**${fate}`,
    ...(withFile ? [both(({ file }) => cellCode(file))] : []),
    both(({ runs }) => markdownText(runs)),
    both(({ program }) => (program === undefined ? '' : cellCode(program))),
    both(({ ports }) => ports.map(portText).join(', ')),
    both(({ healthcheck }) => (healthcheck === undefined ? '' : markdownText(healthcheck))),
  ]);
}

const portText = ({ host, container }: ReportService['ports'][number]): string =>
  cellCode(host === undefined ? container : `${host}:${container}`);

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
