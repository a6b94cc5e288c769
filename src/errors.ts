/** The user's input is wrong: shown as one line with a hint, without a stack; exit status 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** What to do about it, as a sentence. */
  readonly hint: string | undefined;
  /** What there is to choose from, one line each; shown below the hint. */
  readonly choices: readonly string[];

  constructor(message: string, hint?: string, choices?: readonly string[]) {
    super(message);
    this.hint = hint;
    this.choices = choices ?? [];
  }

  /** Each bundle of the program has a class of its own: an error of the one is one in the other. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'UserError' && 'hint' in value && 'choices' in value;
  }
}
