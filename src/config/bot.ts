import { type ComposeNode, valueAt } from '../parse/compose.ts';
import { entriesIn, itemsIn, oneOf, type Reading, switchAt, wrong } from './reading.ts';

/** What a repository says about the pull requests and checks that the bot makes there. */
export interface BotConfig {
  /** Off: the bot does nothing here. */
  readonly enabled: boolean;
  /** The branch that is repaired; the default branch when absent. */
  readonly base: string | undefined;
  readonly onePerTransform: boolean;
  readonly draft: boolean;
  readonly safeOnly: boolean;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  /** What a check of a pull request concludes when it found something; `off` makes none. */
  readonly check: 'off' | 'neutral' | 'failure';
}

/** What holds where a repository says nothing. */
export const BOT_DEFAULTS: BotConfig = {
  enabled: true,
  base: undefined,
  onePerTransform: false,
  draft: false,
  safeOnly: false,
  labels: [],
  reviewers: [],
  check: 'failure',
};

const CHECKS = ['off', 'neutral', 'failure'] as const;
const KEYS = ['enabled', 'base', 'one-per-transform', 'draft', 'safe-only', 'labels', 'reviewers', 'check'] as const;

/** https://docs.github.com/en/rest/issues/labels: a label has up to 50 characters. */
const LABEL = /^\S.{0,49}$/;
/** A login, or `organisation/team`. */
const REVIEWER = /^[A-Za-z\d][\w.-]{0,99}(?:\/[A-Za-z\d][\w.-]{0,99})?$/;
/** https://git-scm.com/docs/git-check-ref-format, with nothing that could be read as an option. */
const BRANCH = /^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\s~^:?*[\\\x7f]{1,200}(?<![/.])$/;

/** Reads `bot:` of a configuration. */
export function botConfigOf(reading: Reading, root: ComposeNode): BotConfig {
  const entries = entriesIn(reading, root, 'bot', KEYS, 'key of bot');
  const node = valueAt(root, 'bot');
  const at = (key: (typeof KEYS)[number]): ComposeNode | undefined =>
    entries.find((entry) => entry.key.value === key)?.value;
  const isOn = (key: (typeof KEYS)[number], usual: boolean): boolean => {
    const value = at(key);
    return value ? switchAt(reading, value) : usual;
  };
  const texts = (key: 'labels' | 'reviewers', pattern: RegExp, hint: string): readonly string[] =>
    node ? itemsIn(reading, node, key).map((item) => textAt(reading, item, pattern, hint)) : [];
  const base = at('base');
  const check = at('check');
  return {
    enabled: isOn('enabled', BOT_DEFAULTS.enabled),
    base: base && textAt(reading, base, BRANCH, 'It is the name of a branch: develop'),
    onePerTransform: isOn('one-per-transform', BOT_DEFAULTS.onePerTransform),
    draft: isOn('draft', BOT_DEFAULTS.draft),
    safeOnly: isOn('safe-only', BOT_DEFAULTS.safeOnly),
    labels: texts('labels', LABEL, 'A label is a text of up to 50 characters.'),
    reviewers: texts('reviewers', REVIEWER, 'A reviewer is a login, or a team: acme/platform'),
    check: check ? oneOf(reading, check, CHECKS, 'check') : BOT_DEFAULTS.check,
  };
}

/** The JSON Schema of `bot:`. */
export function botSchema(): object {
  const onOff = (description: string): object => ({ description, enum: [true, false, 'on', 'off'] });
  const texts = (description: string, pattern: RegExp): object => ({
    description,
    type: 'array',
    items: { type: 'string', pattern: pattern.source },
  });
  return {
    description: 'What the bot does in this repository.',
    type: 'object',
    additionalProperties: false,
    properties: {
      enabled: onOff('Off: the bot does nothing here.'),
      base: {
        description: 'The branch that is repaired; the default branch without it.',
        type: 'string',
        pattern: BRANCH.source,
      },
      'one-per-transform': onOff('A pull request for each transform instead of one for all.'),
      draft: onOff('Pull requests are drafts.'),
      'safe-only': onOff('Leave out repairs that change how the stack runs.'),
      labels: texts('Labels of the pull requests.', LABEL),
      reviewers: texts('Who is asked to review the pull requests: logins, or teams as organisation/team.', REVIEWER),
      check: {
        description: 'What the check of a pull request concludes when it found something; off makes none.',
        enum: CHECKS,
      },
    },
  };
}

function textAt(reading: Reading, node: ComposeNode, pattern: RegExp, hint: string): string {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !pattern.test(node.value))
    throw wrong(reading, node, 'This cannot stand here', hint);
  return node.value;
}
