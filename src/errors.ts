/** The user's input is wrong: shown as one line with a hint, without a stack; exit status 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** What to do about it, as a sentence. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
