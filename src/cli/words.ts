// How commands show sizes and numbers of things.

const UNITS = ['KiB', 'MiB', 'GiB'] as const;

/** `812 B`, `12.3 KiB` */
export function shownSize(bytes: number): string {
  let size = bytes;
  let shown = 'B';
  for (const unit of UNITS) {
    if (size < 1024) break;
    size /= 1024;
    shown = unit;
  }
  return `${shown === 'B' || size >= 100 ? Math.round(size) : size.toFixed(1)} ${shown}`;
}

/** `1 version`, `2 versions` */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
