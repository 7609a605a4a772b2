// The program: hands its arguments to the command line.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

// Before any file is made: password hashes and charts are for this system user alone, also in a folder that others may enter.
process.umask(0o077);
// Half of a start would go into stripping types and compiling. Beside the program and not in a folder for temporary files, where
// others could leave code to be run; where this user may not write, it is only slower. This file is not in TypeScript, since it is
// read before the cache is on: for it alone Node would load what strips types, 15 MiB that a server never gives back.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compiled'));
// What is loaded stays: room for short-lived objects would only grow, and be kept. `serve` lets it grow with the load.
setFlagsFromString('--semi-space-growth-factor=1');
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
