import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { error, notice, warning } from '@actions/core';
import { Ajv, type ValidateFunction } from 'ajv';
import { scanXmlReport } from 'danger-plugin-lint-report';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parse as parseJunit } from 'junit2json';
import { expect, vi } from 'vitest';

/** What of a SARIF log the tests look at. */
export interface Sarif {
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly rules: readonly { readonly id: string; readonly help: { readonly text: string } }[] };
    };
    readonly invocations: readonly { readonly executionSuccessful: boolean }[];
    readonly results: readonly SarifResult[];
  }[];
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly [SarifLocation];
  readonly relatedLocations?: readonly SarifLocation[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly { readonly kind: string; readonly justification?: string }[];
  readonly fixes?: readonly {
    readonly artifactChanges: readonly {
      readonly artifactLocation: { readonly uri: string };
      readonly replacements: readonly {
        readonly deletedRegion: Region;
        readonly insertedContent: { readonly text: string };
      }[];
    }[];
  }[];
}

interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

interface SarifLocation {
  readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: Region };
}

let sarifSchema: ValidateFunction | undefined;

/** The official schema is of draft 4, whose keywords mean the same in the draft that ajv reads, but for its name of the id. */
function sarifValidator(): ValidateFunction {
  if (sarifSchema) return sarifSchema;
  const file = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
  const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  sarifSchema = new Ajv({
    strict: false,
    unicodeRegExp: false,
    allErrors: true,
    formats: { uri: isUri, 'uri-reference': isUri, 'date-time': true },
  }).compile(schema);
  return sarifSchema;
}

const isUri = (text: string): boolean => /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-f]{2})*$/i.test(text);

/** Reads a SARIF log, and asserts that it is one by the schema of OASIS. */
export function readSarif(text: string): Sarif {
  const log: unknown = JSON.parse(text);
  const validate = sarifValidator();
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
  // All results of a run have the property, or none. https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317661
  for (const { results } of (log as Sarif).runs)
    for (const { suppressions } of results) expect(suppressions).toBeInstanceOf(Array);
  return log as Sarif;
}

/** Reads a report as GitLab does. https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/validators/json_schemas/codeclimate.json */
export function readGitlab(text: string): readonly {
  fingerprint: string;
  description: string;
  severity: string;
  location: { path: string; lines: { begin: number; end: number } };
}[] {
  const report = JSON.parse(text) as ReturnType<typeof readGitlab>;
  const validate = new Ajv().compile({
    type: 'array',
    items: {
      type: 'object',
      required: ['description', 'fingerprint', 'severity', 'location', 'check_name'],
      properties: {
        description: { type: 'string', minLength: 1 },
        check_name: { type: 'string', minLength: 1 },
        fingerprint: { type: 'string', pattern: '^[0-9a-f]{32}$' },
        severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
        location: {
          type: 'object',
          required: ['path', 'lines'],
          properties: {
            path: { type: 'string', not: { pattern: '^\\.?/' } },
            lines: { type: 'object', required: ['begin'], properties: { begin: { type: 'integer', minimum: 1 } } },
          },
        },
      },
    },
  });
  validate(report);
  expect(validate.errors ?? []).toEqual([]);
  expect(new Set(report.map(({ fingerprint }) => fingerprint)).size, 'fingerprints are unique').toBe(report.length);
  return report;
}

/** Reads JUnit XML with a reader that CI tools use, and asserts that the counts are those of the cases. */
export async function readJunit(
  text: string,
): Promise<{ failures: readonly { name: string; message: string; text: string }[]; errors: number; tests: number }> {
  expect(XMLValidator.validate(text)).toBe(true);
  const read = await parseJunit(text);
  if (!read || !('testsuite' in read) || !read.testsuite) throw new Error('these are no test suites');
  const cases = read.testsuite.flatMap((suite) => {
    const own = suite.testcase ?? [];
    expect([suite.name, suite.tests]).toEqual([suite.name, own.length]);
    expect(suite.failures).toBe(own.filter(({ failure }) => failure).length);
    expect(suite.errors).toBe(own.filter(({ error }) => error).length);
    return own;
  });
  const failures = cases.flatMap(({ name, failure }) =>
    (failure ?? []).map((each) => ({ name: name ?? '', message: each.message ?? '', text: each.inner ?? '' })),
  );
  const errors = cases.filter(({ error }) => error).length;
  expect([read.tests, read.failures, read.errors]).toEqual([cases.length, failures.length, errors]);
  return { failures, errors, tests: cases.length };
}

/** One row of a Checkstyle report. */
interface CheckstyleRow {
  readonly path: string;
  readonly line: number;
  readonly severity: string;
  readonly message: string;
  readonly source: string;
}

/** Reads Checkstyle XML, and asserts that a program which comments on changes with such reports reads the same. */
export async function readCheckstyle(text: string): Promise<readonly CheckstyleRow[]> {
  const rows = checkstyleRows(text);
  const read: Pick<CheckstyleRow, 'path' | 'line' | 'severity' | 'message'>[] = [];
  const changed = { modified_files: rows.map(({ path }) => path), created_files: [] };
  await scanXmlReport(changed, text, '/nowhere', false, ({ file, line, severity, message }) => {
    read.push({ path: file, line, severity, message });
  });
  expect(read).toEqual(rows.map(({ source: _source, ...row }) => row));
  return rows;
}

/** An XML parser, and the elements and attributes that Checkstyle's own writer gives. */
function checkstyleRows(text: string): readonly CheckstyleRow[] {
  expect(XMLValidator.validate(text)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    trimValues: false,
    isArray: (name) => name === 'file' || name === 'error',
  });
  const { checkstyle } = parser.parse(text) as {
    checkstyle: {
      version: string;
      file?: {
        name: string;
        error: { line: string; column?: string; severity: string; message: string; source: string }[];
      }[];
    };
  };
  expect(checkstyle.version).toMatch(/^\d+\.\d+$/);
  return (checkstyle.file ?? []).flatMap(({ name, error }) =>
    error.map(({ line, column, severity, message, source }) => {
      expect(severity).toMatch(/^(?:ignore|info|warning|error)$/);
      expect(line).toMatch(/^[1-9]\d*$/);
      expect(column ?? '1').toMatch(/^[1-9]\d*$/);
      return { path: name, line: Number(line), severity, message: unescaped(message), source };
    }),
  );
}

/** The parser leaves numeric references in attributes to its caller. */
const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));

/** What GitHub's own toolkit writes for an annotation. */
function writtenByToolkit(command: string, properties: Readonly<Record<string, string>>, message: string): string {
  const number = (name: string): number | undefined => (name in properties ? Number(properties[name]) : undefined);
  const said: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  try {
    const annotate = command === 'error' ? error : command === 'warning' ? warning : notice;
    const { title, file } = properties;
    const optional = {
      startLine: number('line'),
      endLine: number('endLine'),
      startColumn: number('col'),
      endColumn: number('endColumn'),
      title,
      file,
    };
    annotate(message, Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)));
  } finally {
    write.mockRestore();
  }
  return said.join('').replace(/\r?\n$/, '');
}

/**
 * Reads workflow commands as the runner of GitHub Actions does: one a line, properties unescaped after they are split. Asserts that
 * GitHub's toolkit writes what was read in the same way.
 */
export function readGithub(
  text: string,
): readonly { command: string; properties: Readonly<Record<string, string>>; message: string }[] {
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split(/\r\n|\r|\n/)
    .slice(0, -1)
    .map((line) => {
      const [, command = '', list = '', message = ''] = /^::([a-z]+) (.*?)::(.*)$/.exec(line) ?? [];
      expect(command, line).toMatch(/^(?:error|warning|notice)$/);
      const data = (value: string): string => value.replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%');
      const property = (value: string): string =>
        value
          .replace(/%3A/g, ':')
          .replace(/%2C/g, ',')
          .replace(/%0D/g, '\r')
          .replace(/%0A/g, '\n')
          .replace(/%25/g, '%');
      const pairs = list.split(',').map((pair): [string, string] => {
        const [key = '', value = ''] = pair.split(/=(.*)/s);
        expect(key).toMatch(/^(?:file|line|endLine|col|endColumn|title)$/);
        return [key, property(value)];
      });
      const read = { command, properties: Object.fromEntries(pairs), message: data(message) };
      expect(line).toBe(writtenByToolkit(read.command, read.properties, read.message));
      return read;
    });
}
