const WORDS: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'yes',
  'no',
  'on',
  'off',
  'y',
  'n',
  '.inf',
  '.nan',
]);

/** `text` as a YAML scalar on one line: plain when every YAML reader takes it for that string in block and flow style, else quoted. */
export const quoteScalar = (text: string): string => {
  if (isPlain(text)) return text;
  if (/["\\]/.test(text) && !/[^\x20-\x7e\u00a1-\u2027\u2030-\ud7ff\ue000-\ufefe]/.test(text))
    return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escaped);
};

const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

const isPlain = (text: string): boolean =>
  /^[A-Za-z0-9_./$][A-Za-z0-9_./$@%+=~^()-]*(?:[: ][A-Za-z0-9_./$@%+=~^()-]+)*$/.test(text) &&
  !/ [-=]|: /.test(text) &&
  !looksTyped(text);

/** Words and digits that YAML 1.1 or 1.2 reads as a boolean, null, number, base-60 number or date. */
const looksTyped = (text: string): boolean =>
  WORDS.has(text.toLowerCase()) || /^[.\d][\d.,:_eExXoObBa-fA-F+ TtZz-]*$/.test(text);
