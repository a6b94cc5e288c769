import type { Edit, Finding, Span } from '../../src/finding.ts';
import { runScript } from '../../src/model/image/apt.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { stageImages } from '../../src/model/image/stage-images.ts';
import type { Dockerfile } from '../../src/parse/dockerfile.ts';
import type { ShellCommand } from '../../src/parse/shell.ts';
import { defineTransform } from '../../src/transform.ts';

/** Keeps the archives that pip downloads out of the image. */
export default defineTransform({
  id: 'no-pip-cache',
  group: 'hygiene',
  summary: 'Add --no-cache-dir to pip install, so that its downloads do not stay in the image',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.escape === '`') continue;
      for (const image of stageImages(stack, dockerfile))
        for (const layer of image.layers)
          if (layer.dockerfile === dockerfile && layer.instruction.stage === image.stage.index)
            yield* findIn(dockerfile, image.layers.slice(0, image.layers.indexOf(layer)), layer);
    }
  },
});

function* findIn(dockerfile: Dockerfile, before: readonly ImageLayer[], layer: ImageLayer): Iterable<Finding> {
  const { instruction } = layer;
  if (instruction.keyword !== 'RUN' || isDecided(before, layer)) return;
  for (const edit of instruction.exec ? execInstall(layer) : shellInstalls(layer)) {
    const place = { path: dockerfile.path, start: edit.start, end: edit.start };
    yield {
      message:
        'pip keeps every archive that it downloads and every wheel that it builds in its cache, and the cache stays in the image',
      at: instruction.at,
      evidence: [{ at: instruction.at, says: 'pip installs here, and nothing turns its cache off or takes it away' }],
      fix: { title: 'Install without pip’s cache', safety: 'safe', changes: [{ ...place, text: edit.text }] },
    };
  }
}

/** A cache mount, a variable, pip's configuration or a removal in the same layer says already what happens to the cache. */
function isDecided(before: readonly ImageLayer[], { instruction, dockerfile, expand }: ImageLayer): boolean {
  const text = dockerfile.text.slice(instruction.at.start, instruction.at.end);
  if (expand('$PIP_NO_CACHE_DIR') !== '' || expand('$PIP_CACHE_DIR') !== '') return true;
  if (instruction.flags.some(({ name, value = '' }) => name === 'mount' && /type=(?:cache|tmpfs)/.test(value)))
    return true;
  if (/PIP_NO_CACHE_DIR|PIP_CACHE_DIR|\bcache\s+purge\b|\.cache\b|pip\.conf\b|no-cache-dir=/.test(text)) return true;
  return before.some(({ instruction: { at, keyword }, dockerfile: file }) => {
    const earlier = file.text.slice(at.start, at.end);
    return (
      /pip[\w.]* config\b.*(?:cache)|pip\.conf\b|\.config\/pip\b/.test(earlier) ||
      (keyword === 'RUN' && /\/root\/\.cache\b/.test(earlier) && /\bln\b/.test(earlier))
    );
  });
}

function shellInstalls({ instruction }: ImageLayer): readonly Edit[] {
  const script = runScript(instruction);
  return (script?.commands ?? []).flatMap((command) => {
    const verb = verbOf(command);
    return verb ? [{ ...after(verb), text: ' --no-cache-dir' }] : [];
  });
}

const after = ({ path, end }: Span): Span => ({ path, start: end, end });

/** The word `install` of a call of pip that uses the cache. */
function verbOf({ words }: ShellCommand): Span | undefined {
  const verb = words[verbIndex(words.map(({ text }) => text))];
  return verb && !words.some(({ text }) => /^--(?:no-cache-dir|cache-dir|dry-run)(?:=|$)/.test(text))
    ? verb.at
    : undefined;
}

function execInstall({ instruction }: ImageLayer): readonly Edit[] {
  const { words, exec = [] } = instruction;
  const verb = words[verbIndex(exec)];
  return verb && !exec.some((word) => /^--(?:no-cache-dir|cache-dir)(?:=|$)/.test(word))
    ? [{ ...after(verb.at), text: ', "--no-cache-dir"' }]
    : [];
}

/** Where `install` stands in `pip install`, `sudo -H pip3 --quiet install` or `python -m pip install`; -1 in other commands. */
function verbIndex(words: readonly string[]): number {
  let index = words[0] === 'sudo' ? words.findIndex((word, each) => each > 0 && !word.startsWith('-')) : 0;
  if (/(?:^|\/)python[\d.]*$/.test(words[index] ?? '') && words[index + 1] === '-m') index += 2;
  if (!/(?:^|\/)pip[\d.]*$/.test(words[index] ?? '')) return -1;
  index += 1;
  while (/^-(?:q+|v+|-quiet|-verbose|-disable-pip-version-check|-no-input|-isolated)$/.test(words[index] ?? ''))
    index += 1;
  return words[index] === 'install' ? index : -1;
}
