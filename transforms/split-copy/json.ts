/** A JSON object as read from a manifest. */
export type Json = { readonly [key: string]: unknown };

/** The object that a JSON text holds; `undefined` when it holds none or cannot be read. */
export function objectOf(text: string | undefined): Json | undefined {
  try {
    const value: unknown = JSON.parse((text ?? '').replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The texts of a JSON array. */
export const list = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
