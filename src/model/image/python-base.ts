import { imageFamily, imageTag } from './base-image.ts';

/** The Python that a base image brings along. */
export interface BasePython {
  /** `3.11`; `undefined` when the tag does not say. */
  readonly minor: string | undefined;
  readonly libc: 'glibc' | 'musl';
  /** Folder of `bin/python` and of what `pip install` adds. */
  readonly prefix: string;
}

/** The Python of an official (or uv's) Python image; `undefined` for an image that has none or is not known. */
export function pythonOfBase(image: string | undefined): BasePython | undefined {
  if (image === undefined) return undefined;
  const tag = imageTag(image);
  const libc = /alpine/.test(tag) ? 'musl' : 'glibc';
  if (/(?:^|\/)astral-sh\/uv$/.test(image.replace(/[:@].*$/, ''))) {
    const minor = /^(?:[\d.]+-)?python(\d+\.\d+)/.exec(tag)?.[1];
    return minor === undefined ? undefined : { minor, libc, prefix: '/usr/local' };
  }
  const isOfficial = !image.includes('/') || /^(?:docker\.io\/)?library\//.test(image);
  if (imageFamily(image) !== 'python' || !isOfficial) return undefined;
  return { minor: /^(\d+\.\d+)/.exec(tag)?.[1], libc, prefix: '/usr/local' };
}
