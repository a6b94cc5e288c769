import type { Contents } from '../../src/model/image/installations.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readRequirements } from '../../src/parse/requirements.ts';
import { folderOf, resolveIn } from '../../src/repo/path.ts';

/** Distributions that call a compiler, or load one of its libraries (libgomp, libgfortran), when they run. */
const NEEDS_COMPILER =
  /^(?:lightgbm|xgboost|catboost|theano|pytensor|pymc\d?|triton|torch|torchvision|tensorflow|jax|jaxlib|cupy.*|numba|pyopencl|brian2|xformers|deepspeed|vllm|implicit|pystan|cmdstanpy|prophet|pythran|fasttext|faiss.*|cython|pybind11|uwsgi|pyuwsgi|mod-wsgi|gdal|rasterio|fiona|pyodbc|python-magic)$/;

/** The distributions come from an index, and none of them needs a compiler when it runs. */
export function areOrdinary(stack: Stack, { manifests, named }: Contents): boolean {
  const packages = manifests.map((path) => packagesOf(stack, path, 0));
  return [...packages, named].every((names) => names?.every((name) => !NEEDS_COMPILER.test(normalised(name))) ?? false);
}

const normalised = (name: string): string => (/^[\w.-]+/.exec(name)?.[0] ?? name).toLowerCase().replace(/[._]/g, '-');

/** Specifiers of a requirements file and those that it includes; `undefined` when one is a path or a file is not there. */
function packagesOf(stack: Stack, path: string, depth: number): readonly string[] | undefined {
  const text = /\.(?:txt|in|pip)$/.test(path) && depth < 5 ? stack.repo.read(path) : undefined;
  if (text === undefined) return undefined;
  const found: string[] = [];
  for (const { kind, text: asked } of readRequirements(path, text)) {
    if (kind === 'local') return undefined;
    if (kind === 'package') found.push(asked);
    if (kind !== 'requirements' && kind !== 'constraints') continue;
    const other = resolveIn(folderOf(path), asked);
    const inner = other === undefined ? undefined : packagesOf(stack, other, depth + 1);
    if (!inner) return undefined;
    if (kind === 'requirements') found.push(...inner);
  }
  return found;
}
