/** Whether two names of variables are so alike that one may be meant by the other. */
export const isNear = (a: string, b: string): boolean => {
  if (a.toUpperCase() === b.toUpperCase()) return true;
  if (Math.min(a.length, b.length) < 5) return false;
  const bare = (name: string): string => name.toUpperCase().replace(/[_-]/g, '');
  return bare(a) === bare(b) || a.endsWith(`_${b}`) || b.endsWith(`_${a}`) || distance(a, b) <= 2;
};

/** Letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
