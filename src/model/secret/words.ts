/** Words with which an example asks to be replaced, in the languages that repositories are written in. */
const ASKING =
  /change[-_ ]?(?:me|this|it|moi|in)|replace|remplac|a[-_ ]?changer|à changer|ersetz|aendern|ändern|cambiar|your[-_ ]?\w*(?:password|secret|key|token|here)|place[-_ ]?holder|redacted|put[-_ ]|<[^>]*>|^\.\.\.|todo|fixme|xxxx|\byour\b|^your|\bvotre\b|\bdummy\b|\bfake\b|\bexample\b|\bexemple\b|\bbeispiel\b|\bejemplo\b|\bsample\b|not[-_ ]?a?[-_ ]?(?:real|secret)|generate[-_ ]|to[-_ ]?be[-_ ]|[-_ ]here$/i;

/** True for a text that says of itself that it has to be replaced. */
export const exampleWords = (text: string): boolean => ASKING.test(text.replaceAll('_', '-')) || /^(.)\1+$/.test(text);

const COMMON: ReadonlySet<string> = new Set(
  (
    'dev devel development local localhost test tests testing demo ci password passwd passw pass passwort pwd pw motdepasse mdp secret secrets ' +
    'postgres postgresql pg mysql mariadb root admin administrator user username guest redis rabbitmq rabbit mongo mongodb minio minioadmin ' +
    'elastic elasticsearch app apps api web backend frontend worker db database data default key token insecure unsafe sa qwerty azerty letmein welcome ' +
    'my the a super topsecret mysecret supersecret changeit hello world docker compose server service me foo bar baz toto tata abc sql ' +
    'passw0rd p@ssw0rd p@ssword pa$$word hunter'
  ).split(' '),
);
const OF_DEVELOPMENT =
  /(?:^|[^a-z])(?:dev|devel|development|developpement|local|test|tests|demo|default|insecure|unsafe|entwicklung)(?:[^a-z]|$)/i;

/** True for passwords that are made of usual words only, or that say they are for development. */
export function isCommonPassword(text: string): boolean {
  if (OF_DEVELOPMENT.test(text) && text.length < 40) return true;
  if (COMMON.has(text.toLowerCase())) return true;
  const words = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-zàâäçéèêëîïôöùûüß@$]+/)
    .filter(Boolean);
  const digits = text.replace(/\D/g, '');
  const counted = digits === '' || '01234567890'.includes(digits) || digits === '111' || digits.length <= 1;
  return counted && (words.length === 0 ? text.length < 10 : words.every((word) => COMMON.has(word)));
}
