import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../../src/finding.ts';
import { assignmentsOf, copyOf, readDockerfile } from '../../src/parse/dockerfile.ts';
import { readShell } from '../../src/parse/shell.ts';

const ARCHIVE = fileURLToPath(new URL('../../../shared/corpus/shipwright-dockerfiles.tar.xz', import.meta.url));

describe.runIf(existsSync(ARCHIVE))('4,087 real Dockerfiles', () => {
  let folder = '';
  const files: { readonly name: string; readonly text: string }[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockfix-corpus-'));
    execFileSync('tar', ['-xJf', ARCHIVE, '-C', folder]);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.Dockerfile')) continue;
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        readFileSync(join(entry.parentPath, entry.name)),
      );
      files.push({ name: entry.name, text });
    }
  }, 30_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are read without a crash, with spans in order that rebuild the file', () => {
    expect(files.length).toBeGreaterThan(4000);
    const wrong: string[] = [];
    for (const { name, text } of files) {
      const { instructions } = readDockerfile(name, text);
      let rebuilt = '';
      let last = 0;
      for (const instruction of instructions) {
        const { lines, at, args, words, flags, heredocs, comments } = instruction;
        const inside = (outer: Span, inner: Span) =>
          outer.start <= inner.start && inner.start <= inner.end && inner.end <= outer.end;
        const parts = [
          at,
          args,
          ...words.map((word) => word.at),
          ...flags.map((flag) => flag.at),
          ...heredocs.map((heredoc) => heredoc.body),
        ];
        if (lines.start < last || lines.end > text.length || !parts.every((part) => inside(lines, part)))
          wrong.push(name);
        if (!comments.every((comment) => comment.start >= last && comment.end <= lines.start)) wrong.push(name);
        rebuilt += text.slice(last, lines.start) + text.slice(lines.start, lines.end);
        last = lines.end;
        assignmentsOf(instruction);
        copyOf(instruction);
      }
      if (rebuilt + text.slice(last) !== text) wrong.push(name);
    }
    expect(wrong).toEqual([]);
  }, 30_000);

  it('hold shell that is read without a crash, and nearly all of it understood', () => {
    let scripts = 0;
    const problems: string[] = [];
    const misplaced: string[] = [];
    for (const { name, text } of files) {
      for (const { keyword, exec, script, scriptOffset, lines } of readDockerfile(name, text).instructions) {
        if (keyword !== 'RUN' || exec) continue;
        scripts += 1;
        const shell = readShell(name, script, scriptOffset);
        for (const problem of shell.problems) problems.push(`${name}: ${problem.message}`);
        const outside = shell.commands.some(
          ({ at }) => at.start < lines.start || at.start > at.end || at.end > lines.end,
        );
        if (outside) misplaced.push(name);
      }
    }
    expect(misplaced).toEqual([]);
    expect(scripts).toBeGreaterThan(23_000);
    expect(problems.length, problems.join('\n')).toBeLessThan(10);
  }, 30_000);
});
