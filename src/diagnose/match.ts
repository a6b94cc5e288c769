import { lineNumber } from '../lines.ts';
import type { Service } from '../model/service.ts';
import type { Stack } from '../model/stack.ts';
import { escapeRegExp } from '../pattern.ts';
import type { Outcome, Run } from '../pipeline/run.ts';
import { nameOf } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { leadsFor, placeOfFrame } from './leads.ts';
import { serviceOf } from './source.ts';
import type { Cause, Diagnosis, Name, Names, Sighting, Suspect } from './types.ts';

/** A finding may tell that something unusual is right. */
const SOUND = /stays as it is\.$/;

interface Candidate {
  readonly transform: string;
  readonly number: number;
  readonly outcome: Outcome;
  /** All that the finding says, with the lines that it points at. */
  readonly story: string;
}

/**
 * Joins what a log shows with what a run over the repository found. `stack` is the one of the repository as it is. Symptoms that mean
 * nothing by themselves stay only with a cause.
 */
export function diagnose(sightings: readonly Sighting[], run: Run, stack: Stack): readonly Diagnosis[] {
  const candidates = run.steps
    .flatMap(({ transform, outcomes }) => outcomes.map((outcome) => ({ transform: transform.id, outcome })))
    .map((each, index): Candidate => ({ ...each, number: index + 1, story: storyOf(each.outcome) }));
  const diagnoses = sightings
    .map((sighting): Diagnosis => {
      const service = serviceOf(stack, sighting.source);
      const findings = findingsFor(sighting, service, candidates, stack);
      const causes = [...findings, ...noticesFor(sighting, run, findings)];
      const leads = causes.length > 0 ? [] : leadsFor(sighting, stack);
      return { sighting, service: service?.name, causes, leads };
    })
    .filter(({ sighting, causes }) => causes.length > 0 || !sighting.symptom.weak);
  return diagnoses.filter((diagnosis, index) => !isTold(diagnosis, diagnoses.toSpliced(index, 1), index));
}

/** Builders say the same thing several times, not always with the name of the service: once is enough. */
function isTold({ sighting, service }: Diagnosis, others: readonly Diagnosis[], index: number): boolean {
  return others.some(
    (other, position) =>
      other.sighting.symptom === sighting.symptom &&
      JSON.stringify(other.sighting.names) === JSON.stringify(sighting.names) &&
      (other.service === service ? position < index : service === undefined),
  );
}

function findingsFor(
  sighting: Sighting,
  service: Service | undefined,
  candidates: readonly Candidate[],
  stack: Stack,
): readonly Cause[] {
  const names = namesIn(sighting, stack);
  return sighting.symptom.suspects
    .flatMap((suspect) => {
      const fitting = candidates.filter(
        (candidate) =>
          candidate.transform === suspect.transform &&
          explains(candidate, suspect, names, sighting, stack) &&
          isAbout(candidate, service, stack),
      );
      return ofSubject(fitting, service, stack);
    })
    .map(({ transform, number, outcome }) => ({ kind: 'finding', transform, number, outcome }));
}

/** Of the findings of one transform those whose sentence begins with the service, where there are some. */
function ofSubject(fitting: readonly Candidate[], service: Service | undefined, stack: Stack): readonly Candidate[] {
  if (!service) return fitting;
  const isSubject = ({ outcome }: Candidate): boolean =>
    subjects(outcome.finding.message, stack).includes(service.name);
  return fitting.some(isSubject) ? fitting.filter(isSubject) : fitting;
}

/** The services at the beginning of a sentence: of "api and worker get no …" both. */
function subjects(message: string, stack: Stack): readonly string[] {
  const names = [...stack.services.map(({ name }) => name)].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const list =
    new RegExp(`^(?:${names.join('|')})(?:(?:, | and )(?:${names.join('|')}))*(?=[ .])`).exec(message)?.[0] ?? '';
  return list.split(/, | and /);
}

/** A file that cannot be read is the cause of what Compose says of its shape, unless a finding says how to mend it. */
const noticesFor = ({ symptom }: Sighting, run: Run, findings: readonly Cause[]): readonly Cause[] =>
  symptom.id === 'compose-invalid' && findings.length === 0
    ? run.notices.filter(({ path }) => /\.ya?ml$/.test(path)).map((notice) => ({ kind: 'notice', notice }))
    : [];

/** What the message names; where it names no file, the one of the stack trace. */
function namesIn({ names, frame }: Sighting, stack: Stack): Names {
  if (names.path !== undefined || !frame) return names;
  return { ...names, path: placeOfFrame(frame, stack)?.path ?? frame.path };
}

function explains(candidate: Candidate, suspect: Suspect, names: Names, sighting: Sighting, stack: Stack): boolean {
  if (sighting.symptom.id === 'health-404' && !isChecked(names.path, stack)) return false;
  const { by } = suspect;
  if (by.length > 0 && !sighting.symptom.vague && by.every((name) => names[name] === undefined)) return false;
  if (SOUND.test(candidate.outcome.finding.message)) return false;
  if (suspect.telling && !suspect.telling.test(candidate.story)) return false;
  return by.every((name) => {
    const value = names[name];
    if (value === undefined) return true;
    if (name === 'service') {
      const service = serviceOf(stack, value);
      return service === undefined || mentions(candidate.story, service.name);
    }
    // A finding about the host itself says what the host waits for, not who waits for it.
    if (name === 'host' && subjects(candidate.outcome.finding.message, stack).includes(value)) return false;
    const story = storyFor(name, suspect, candidate);
    return formsOf(name, value).some((form) =>
      name === 'module' ? mentionsModule(story, form) : mentions(story, form),
    );
  });
}

/** What of a finding has to mention a name. */
function storyFor(name: Name, { inMessage }: Suspect, { outcome, story }: Candidate): string {
  if (inMessage) return outcome.finding.message;
  return name === 'program' || name === 'module' ? headline(outcome) : story;
}

/** A 404 is ordinary, unless it is the answer to a healthcheck of this repository. */
const isChecked = (path: string | undefined, stack: Stack): boolean =>
  path === undefined ||
  [
    ...stack.dockerfiles,
    ...stack.projects.flatMap((project) => [...project.files, ...project.overlays].map((file) => file.path)),
  ]
    .map((file) => stack.repo.read(file) ?? '')
    .some((text) => text.includes(path) && /healthcheck/i.test(text));

/** A finding that speaks of services, and not of this one, is about something else. */
function isAbout({ outcome, story }: Candidate, service: Service | undefined, stack: Stack): boolean {
  if (!service) return true;
  const named = stack.services.filter(({ name }) => mentions(outcome.finding.message, name));
  return named.length === 0 || mentions(story, service.name);
}

/** How a finding may write what a message names. */
function formsOf(name: Name, value: string): readonly string[] {
  if (name === 'path' || name === 'program') {
    const whole = value.replace(/^\.?\//, '').replace(/\/$/, '');
    // `.venv` alone stands for many folders.
    const environment = /^(?:.*\/)?(?:\.?venv|node_modules)(?=\/)/.exec(whole)?.[0] ?? whole;
    return [...new Set([whole, environment, nameOf(whole)])].filter(
      (form) => form === whole || form.includes('/') || /^(?:[^.]|\.env)/.test(form),
    );
  }
  if (name === 'module') return [...new Set([value, value.split('.')[0] ?? value])];
  if (name === 'image') return [...new Set([value, nameOf(value.split(':')[0] ?? value)])];
  return [value];
}

/** Whether a text has a word, whatever its case: fields of settings are called like their variables in small letters. */
function mentions(story: string, word: string): boolean {
  const start = /^\w/.test(word) ? '(?<!\\w)' : '';
  const end = /\w$/.test(word) ? '(?!\\w)' : '';
  return new RegExp(start + escapeRegExp(word) + end, 'i').test(story);
}

/** A chain of evidence names many programs; the message names the one that it is about. */
const headline = ({ finding }: Outcome): string => `${finding.message}\n${finding.fix?.title ?? ''}`;

/** A module is not the folder of the same name: `/app`. */
const mentionsModule = (story: string, module: string): boolean =>
  new RegExp(`(?<![\\w/-])${escapeRegExp(module)}(?![\\w/-])`).test(story);

function storyOf({ finding, seen }: Outcome): string {
  const places = [{ at: finding.at, says: '' }, ...finding.evidence];
  const lines = places.flatMap(({ at, says }) => [says, at.path, sourceLine(seen, at.path, at.start)]);
  return [finding.message, finding.fix?.title ?? '', finding.advice ?? '', ...lines].join('\n');
}

function sourceLine(repo: Repo, path: string, offset: number): string {
  const text = repo.read(path);
  return text?.split('\n', lineNumber(text, offset)).at(-1) ?? '';
}
