/** C0 and C1 controls, and the marks that reorder or break text on a terminal. Tabs stay. */
const UNSEEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const UNSEEN_IN_LINES = new RegExp(UNSEEN.source.replace('\\u000a', '\\u000b'), 'g');

const escaped = (character: string): string => {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** One line of text from a repository, safe to show on a terminal: control characters appear as escapes such as `\x1b`. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** The same for a text of many lines, whose newlines stay. */
export const visibleLines = (text: string): string => text.replace(UNSEEN_IN_LINES, escaped);
