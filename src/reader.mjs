// The program of a process that only reads, which the main process starts.
import './compile-cache.mjs';

await import('./reader.ts');
