import type { Edit } from '../../src/finding.ts';
import type { GivenValue } from '../../src/model/env/given-value.ts';
import { quoteScalar } from '../../src/parse/compose.ts';

/** Another text for a value where it stands, in the quotes that it needs there; `undefined` where it cannot stand. */
export function valueEdit({ name, place }: GivenValue, text: string): Edit | undefined {
  if (text.includes('$') || text.includes("'")) return undefined;
  switch (place.kind) {
    case 'image':
      return undefined;
    case 'dotenv': {
      // Compose, python-dotenv and shells all take single quotes away.
      const quote = /["\s#]/.test(text) ? "'" : place.quote;
      return { ...place.at, text: `${quote}${text}${quote}` };
    }
    case 'compose': {
      const { scalar, listed, flow } = place;
      if (scalar.style === 'literal' || scalar.style === 'folded') return undefined;
      const whole = listed ? `${name}=${text}` : text;
      const needsQuotes = text.includes('"') && (flow || !listed || scalar.style !== 'plain');
      const quote = needsQuotes || scalar.style === 'single' ? "'" : scalar.style === 'double' ? '"' : '';
      const plain = listed ? whole : quoteScalar(whole);
      return { ...scalar.at, text: quote === '' ? plain : `${quote}${whole}${quote}` };
    }
  }
}
