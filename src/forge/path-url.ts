/** A path of a repository as part of an address: each of its names is encoded, the slashes between them are not. */
export const pathUrl = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
