import type { Level, Transform } from '../../transform.ts';
import type { Check, Problem, Range, Suppressed } from '../check.ts';
import { visible } from '../visible.ts';
import { linesOf } from './words.ts';

/** What a SARIF log says of the program itself. */
export interface Driver {
  readonly version: string;
  /** The page of a transform, as Markdown. */
  readonly page: (id: string) => string;
}

/**
 * A SARIF 2.1.0 log. What a comment or the baseline leaves alone is in it, as suppressed; then every other result has to say that
 * it is not. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifCheck(check: Check, driver: Driver): string {
  const all = [
    ...check.problems.map((problem) => ({ problem, suppressions: [] })),
    ...check.suppressed.map((each) => ({ problem: each.problem, suppressions: [suppressionOf(each)] })),
  ];
  const rules = check.transforms.filter((transform) => all.some(({ problem }) => problem.transform === transform));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'dockfix',
            semanticVersion: driver.version,
            rules: rules.map((transform) => ruleOf(transform, driver)),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: check.notices.length === 0 && check.errors.length === 0,
            toolExecutionNotifications: [
              ...check.notices.map(({ path, line, message, hint }) => ({
                level: 'error',
                message: { text: visible(`${message} ${hint}`) },
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: artifact(path),
                      ...(line !== undefined && { region: { startLine: line } }),
                    },
                  },
                ],
              })),
              ...check.errors.map(({ transform, message }) => ({
                level: 'error',
                message: { text: `${transform.id} failed: ${visible(message)}` },
              })),
            ],
          },
        ],
        results: all.map(({ problem, suppressions }) => ({
          ...resultOf(problem, rules.indexOf(problem.transform)),
          suppressions,
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

const USUAL: Readonly<Record<Transform['group'], Level>> = { repair: 'error', hygiene: 'warning' };

function ruleOf({ id, summary, group }: Transform, { page }: Driver) {
  const text = page(id);
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: /^# .*\n+([^#]+?)\n\n/.exec(text)?.[1]?.replaceAll('\n', ' ') ?? `${summary}.` },
    help: { text, markdown: text },
    defaultConfiguration: { level: USUAL[group] },
    properties: { tags: ['docker', group] },
  };
}

const suppressionOf = ({ by, reason }: Suppressed) => ({
  kind: by === 'comment' ? 'inSource' : 'external',
  status: 'accepted',
  justification: visible(reason),
});

function resultOf(problem: Problem, ruleIndex: number) {
  const { transform, level, at, evidence, fix, fingerprint } = problem;
  return {
    ruleId: transform.id,
    ruleIndex,
    level,
    message: { text: linesOf(problem).join('\n') },
    locations: [{ physicalLocation: physical(at) }],
    ...(evidence.length > 0 && {
      relatedLocations: evidence.map((each, index) => ({
        id: index + 1,
        physicalLocation: physical(each.at),
        message: { text: visible(each.says) },
      })),
    }),
    partialFingerprints: { 'dockfix/v1': fingerprint },
    ...(fix?.edits && { fixes: [fixOf(fix.title, fix.edits)] }),
  };
}

function fixOf(title: string, edits: NonNullable<NonNullable<Problem['fix']>['edits']>) {
  const paths = [...new Set(edits.map(({ range }) => range.path))];
  return {
    description: { text: visible(title) },
    artifactChanges: paths.map((path) => ({
      artifactLocation: artifact(path),
      replacements: edits
        .filter(({ range }) => range.path === path)
        .map(({ range, text }) => ({ deletedRegion: region(range), insertedContent: { text } })),
    })),
  };
}

const physical = (range: Range) => ({ artifactLocation: artifact(range.path), region: region(range) });

const region = ({ start, end }: Range) => ({
  startLine: start.line,
  startColumn: start.column,
  endLine: end.line,
  endColumn: end.column,
});

/** A path as a URI reference: a first segment with a colon would be a scheme. */
const artifact = (path: string) => ({
  uri: path
    .split('/')
    .map((segment) => encodeURIComponent(segment.replace(/[\ud800-\udfff]/gu, '\ufffd')))
    .join('/'),
  uriBaseId: '%SRCROOT%',
});
