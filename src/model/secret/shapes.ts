/** Tokens that show by their shape what they are, whatever name they stand under. */
const SHAPES: readonly RegExp[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/,
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  /\bgh[pousr]_\w{30,255}\b/,
  /\bgithub_pat_\w{22,255}\b/,
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  /\bgl(?:pat|dt|rt|cbt|ptt|oas|soat)-[\w-]{20,}/,
  // https://docs.stripe.com/keys
  /\b(?:sk|rk)_(?:live|test)_[A-Za-z\d]{16,}\b/,
  /\bwhsec_[\w+/=]{16,}/,
  // https://api.slack.com/authentication/token-types
  /\bxox[abeoprs]-[\w-]{10,}/,
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/,
  /\bsk-(?:proj-|ant-|svcacct-)?[\w-]{20,}/,
  /\bAIza[\w-]{35}\b/,
  /\bnpm_[A-Za-z\d]{36}\b/,
  /\bpypi-[\w-]{50,}/,
  /\bhf_[A-Za-z\d]{30,}\b/,
  /\bdckr_pat_[\w-]{20,}/,
  // https://datatracker.ietf.org/doc/html/rfc7519
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/,
];
const ANY = new RegExp(SHAPES.map(({ source }) => source).join('|'), 'g');
/** A quick no for most texts. */
const HINT =
  /AKIA|ASIA|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|[sr]k_|whsec_|xox|SG\.|sk-|AIza|npm_|pypi-|hf_|dckr_|eyJ|-----BEGIN/;

/** Texts that are tokens or private keys by their shape. */
export const tokensIn = (text: string): readonly string[] =>
  HINT.test(text) ? [...text.matchAll(ANY)].map(([token]) => token) : [];

/** Whether a whole value is such a token. */
export const isToken = (value: string): boolean => tokensIn(value).some((token) => token.length >= value.length - 2);
