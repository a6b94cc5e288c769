import { describe, expect, it } from 'vitest';
import { assignmentsOf, copyOf, type DockerInstruction, execForm, readDockerfile } from '../../src/parse/dockerfile.ts';

const read = (text: string) => readDockerfile('Dockerfile', text);
/** The only instruction after `FROM a`. */
const one = (text: string): DockerInstruction => {
  const { instructions, problems } = read(`FROM a\n${text}`);
  expect(problems).toEqual([]);
  expect(instructions).toHaveLength(2);
  return instructions[1] as DockerInstruction;
};
const slices = (text: string, spans: readonly { readonly start: number; readonly end: number }[]) =>
  spans.map(({ start, end }) => text.slice(start, end));

describe('boundaries', () => {
  it.each<[string, string, readonly string[]]>([
    ['one per line', 'FROM a\nRUN b\n', ['FROM a', 'RUN b']],
    ['no final newline', 'FROM a\nRUN b', ['FROM a', 'RUN b']],
    ['CRLF', 'FROM a\r\nRUN b \\\r\n  c\r\n', ['FROM a', 'RUN b \\\r\n  c']],
    ['a byte order mark', '\ufeffFROM a\nRUN b\n', ['FROM a', 'RUN b']],
    ['indented and lower case', '  from a\n\trun b\n', ['from a', 'run b']],
    [
      'comment and blank lines inside',
      'FROM a\nRUN b \\\n# c\n\n  # d\n  e\nCMD f',
      ['FROM a', 'RUN b \\\n# c\n\n  # d\n  e', 'CMD f'],
    ],
    ['blanks after the continuation', 'FROM a\nRUN b \\ \t\n c\n', ['FROM a', 'RUN b \\ \t\n c']],
    ['a continuation into the end', 'FROM a\nRUN b \\\n# c\n', ['FROM a', 'RUN b \\']],
    ['backtick as escape', '# escape=`\nFROM a\nCOPY b c:\\\nRUN x `\n y\n', ['FROM a', 'COPY b c:\\', 'RUN x `\n y']],
    [
      'all directives',
      '# Syntax = docker/dockerfile:1\n#check=skip=all\n#ESCAPE=`\nFROM a\nRUN x `\n y',
      ['FROM a', 'RUN x `\n y'],
    ],
    [
      'a directive after a comment is a comment',
      '# x\n# escape=`\nFROM a\nRUN b `\nCMD c',
      ['FROM a', 'RUN b `', 'CMD c'],
    ],
    ['heredoc', 'FROM a\nRUN <<EOF\nb\n# EOF\nEOF\nCMD c', ['FROM a', 'RUN <<EOF\nb\n# EOF\nEOF', 'CMD c']],
    ['heredoc with tabs', 'FROM a\nRUN <<-EOF\n\tb\n\tEOF\nCMD c', ['FROM a', 'RUN <<-EOF\n\tb\n\tEOF', 'CMD c']],
    [
      'two heredocs',
      'FROM a\nCOPY <<A <<"B" /d/\na\nA\nb\nB\nCMD c',
      ['FROM a', 'COPY <<A <<"B" /d/\na\nA\nb\nB', 'CMD c'],
    ],
    [
      'heredoc after a blank, on descriptor 3',
      "FROM a\nRUN 3<< 'E F' b\nc\nE F\nCMD d",
      ['FROM a', "RUN 3<< 'E F' b\nc\nE F", 'CMD d'],
    ],
    ['no heredoc inside quotes', 'FROM a\nRUN echo "<<EOF"\nCMD b', ['FROM a', 'RUN echo "<<EOF"', 'CMD b']],
    ['no heredoc in CMD', 'FROM a\nCMD cat <<EOF\nRUN b', ['FROM a', 'CMD cat <<EOF', 'RUN b']],
    ['a here-string', 'FROM a\nRUN cat <<<EOF\nCMD b', ['FROM a', 'RUN cat <<<EOF', 'CMD b']],
    [
      'heredoc behind ONBUILD',
      'FROM a\nONBUILD RUN <<EOF\nb\nEOF\nCMD c',
      ['FROM a', 'ONBUILD RUN <<EOF\nb\nEOF', 'CMD c'],
    ],
    ['emoji and accents', 'FROM a\nLABEL x="été 😀"\nRUN b', ['FROM a', 'LABEL x="été 😀"', 'RUN b']],
  ])('%s', (_, text, expected) => {
    const { instructions, problems } = read(text);
    expect(problems).toEqual([]);
    expect(
      slices(
        text,
        instructions.map((instruction) => instruction.at),
      ),
    ).toEqual(expected);
  });

  it('doubts an escaped escape at a line end, which old and new BuildKit read differently', () => {
    const { instructions, problems } = read('FROM a\nRUN b \\\\\nCMD c\n');
    expect(instructions.map(({ keyword }) => keyword)).toEqual(['FROM', 'RUN', 'CMD']);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('Two readers')]);
  });

  it('gives whole lines, the byte order mark left out', () => {
    const text = '\ufeffFROM a\r\n\r\n# c\r\nRUN b \\\r\n  c\r\n';
    expect(
      slices(
        text,
        read(text).instructions.map(({ lines }) => lines),
      ),
    ).toEqual(['FROM a\r\n', 'RUN b \\\r\n  c\r\n']);
  });

  it('gives the comments directly above', () => {
    const text = '# syntax=x\n# far\n\n# near\n  # nearer\nFROM a\n';
    expect(slices(text, read(text).instructions[0]?.comments ?? [])).toEqual(['# near', '# nearer']);
  });
});

describe('arguments', () => {
  it.each<[string, string]>([
    ['RUN a && \\\n  # why\n    b', 'a &&     b'],
    ['RUN --mount=type=cache,target=/x \\\n --network=none a', 'a'],
    ['RUN foo\\\nbar', 'foobar'],
    ['HEALTHCHECK --interval=5s CMD curl x || exit 1', 'curl x || exit 1'],
    ['HEALTHCHECK NONE', ''],
    ['RUN <<-EOF\n\tif a\n\t\tb\n\tEOF', 'if a\nb\n'],
    ['RUN <<EOF cat > x\nb\nEOF', '<<EOF cat > x\nb\nEOF'],
    ['ONBUILD RUN a', 'RUN a'],
  ])('%j runs %j', (text, script) => {
    const instruction = one(text);
    expect(instruction.script).toBe(script);
    const file = `FROM a\n${text}`;
    expect([...script].map((_, index) => file.charAt(instruction.scriptOffset(index))).join('')).toBe(script);
  });

  it.each<[string, readonly string[] | undefined]>([
    ['CMD ["a", "b c"]', ['a', 'b c']],
    ['CMD [ "nginx" , "-g", "daemon off;" ]', ['nginx', '-g', 'daemon off;']],
    ['CMD ["a", \\\n  "b"]', ['a', 'b']],
    ['CMD ["a",]', undefined],
    ["CMD ['a']", undefined],
    ['CMD ["a", 1]', undefined],
    ['CMD ["a"] x', undefined],
    ['ENTRYPOINT []', []],
    ['HEALTHCHECK --retries=2 CMD ["curl", "x"]', ['curl', 'x']],
    ['SHELL ["/bin/bash", "-c"]', ['/bin/bash', '-c']],
    ['ENV ["a"] b', undefined],
  ])('%j has the exec form %j', (text, exec) => expect(one(text).exec).toEqual(exec));

  it.each<[string, readonly [string, string | undefined][], readonly string[]]>([
    [
      'COPY --from=b --chown=1:1 x y',
      [
        ['from', 'b'],
        ['chown', '1:1'],
      ],
      ['x', 'y'],
    ],
    ['COPY --link x y', [['link', undefined]], ['x', 'y']],
    ['COPY -- --x y', [], ['--x', 'y']],
    [
      'COPY --chown="a b" \\\n  --chmod=755 \\\n  x \\\n  y',
      [
        ['chown', 'a b'],
        ['chmod', '755'],
      ],
      ['x', 'y'],
    ],
    ['COPY ["a b", "c"]', [], ['a b', 'c']],
    ['WORKDIR "/a b"/c', [], ['/a b/c']],
    ['WORKDIR /a b', [], ['/a b']],
    ['EXPOSE 80 443/tcp', [], ['80', '443/tcp']],
    ['HEALTHCHECK --interval=5s CMD ["a", "b"]', [['interval', '5s']], ['CMD', 'a', 'b']],
    ['VOLUME ["/a b"]', [], ['/a b']],
    ["RUN echo 'a b' c\\ d", [], ['echo', 'a b', 'c d']],
  ])('%j splits', (text, flags, words) => {
    const instruction = one(text);
    expect(instruction.flags.map(({ name, value }) => [name, value])).toEqual(flags);
    expect(instruction.words.map((word) => word.text)).toEqual(words);
    const file = `FROM a\n${text}`;
    for (const { at, source } of instruction.words) expect(file.slice(at.start, at.end)).toBe(source);
  });

  it.each<[string, readonly [string, string | undefined][]]>([
    ['ENV K V with  spaces', [['K', 'V with  spaces']]],
    ['ENV K "a b"', [['K', 'a b']]],
    [
      'ENV A=1 B="x y" C=z\\ w D=\'q"\'',
      [
        ['A', '1'],
        ['B', 'x y'],
        ['C', 'z w'],
        ['D', 'q"'],
      ],
    ],
    [
      'ENV A=$B \\\n  C=',
      [
        ['A', '$B'],
        ['C', ''],
      ],
    ],
    [
      'ARG X Y=1 Z="a b"',
      [
        ['X', undefined],
        ['Y', '1'],
        ['Z', 'a b'],
      ],
    ],
    [
      'LABEL "a b"=c d="été=1"',
      [
        ['a b', 'c'],
        ['d', 'été=1'],
      ],
    ],
    ['RUN A=1', []],
  ])('%j assigns', (text, expected) => {
    expect(assignmentsOf(one(text)).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it('reads COPY and ADD', () => {
    const copy = (text: string) => {
      const { sources, destination, from } = copyOf(one(text)) ?? {};
      return [sources?.map((word) => word.text), destination?.text, from];
    };
    expect(copy('COPY a b c/')).toEqual([['a', 'b'], 'c/', undefined]);
    expect(copy('COPY --chown=x --from=b ["a b", "c"]')).toEqual([['a b'], 'c', 'b']);
    expect(copy('COPY <<EOF x /d\nb\nEOF')).toEqual([['x'], '/d', undefined]);
    expect(copy('ADD a')).toEqual([undefined, undefined, undefined]);
  });

  it('writes exec form', () => expect(execForm(['a', 'b "c"', 'é'])).toBe('["a", "b \\"c\\"", "é"]'));
});

describe('stages', () => {
  it('names bases and stages, and what comes before them', () => {
    const { stages, instructions } = read(
      'ARG V=3\nFROM --platform=$X python:$V AS Build\nRUN a\nfrom ${BASE:-python:3.11} as b\nFROM b\n',
    );
    expect(stages.map(({ base, name, instructions: { length } }) => [base, name, length])).toEqual([
      ['python:$V', 'Build', 2],
      ['${BASE:-python:3.11}', 'b', 1],
      ['b', undefined, 1],
    ]);
    expect(instructions.map(({ stage }) => stage)).toEqual([-1, 0, 0, 1, 2]);
  });
});

describe('problems', () => {
  it.each<[string, string]>([
    ['', 'no FROM'],
    ['RUN a', 'no FROM'],
    ['FROM a\nRUN <<EOF\nb\n', 'here-document "EOF" is never closed'],
    ['FROM a\napt-get install x', 'no instruction "APT-GET"'],
    ['# escape=x\nFROM a', 'cannot be the escape character'],
    ['# check=a\n# check=b\nFROM a', 'stands twice'],
    [`FROM a\nRUN ${'é'.repeat(33_000)}`, 'longer than 65535 bytes'],
  ])('case %#', (text, message) => {
    expect(
      read(text)
        .problems.map((problem) => problem.message)
        .join(),
    ).toContain(message);
  });
});
