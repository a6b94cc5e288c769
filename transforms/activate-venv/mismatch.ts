import type { Span } from '../../src/finding.ts';
import { programsOfBase } from '../../src/model/image/base-image.ts';
import type { Installation } from '../../src/model/image/installations.ts';
import { pythonOfBase } from '../../src/model/image/python-base.ts';
import type { Image } from '../../src/model/image.ts';

/** How the Python that an environment was made with differs from the one that runs it. */
export function mismatch(
  image: Image,
  { base }: Installation,
): { readonly says: string; readonly at: Span } | undefined {
  if (base === undefined || image.base === undefined || base === image.base) return undefined;
  const made = pythonOfBase(base);
  const runs = pythonOfBase(image.base);
  const at = image.stage.from.at;
  if (!made) return undefined;
  if (!runs) {
    const has = programsOfBase(image.base);
    const lacks = has.complete && !has.has('python3') && image.hasProgram('python3').is === 'no';
    return lacks ? { says: 'it has no Python, to which the programs of the environment point', at } : undefined;
  }
  if (made.minor !== undefined && runs.minor !== undefined && made.minor !== runs.minor)
    return {
      says: `Python ${runs.minor} does not see the packages in lib/python${made.minor} ("ModuleNotFoundError")`,
      at,
    };
  if (made.libc !== runs.libc)
    return { says: `compiled packages for ${made.libc} do not load with ${runs.libc} ("ImportError")`, at };
  return undefined;
}
