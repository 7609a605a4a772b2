// The program: hands its arguments to the command line.
import { setFlagsFromString } from 'node:v8';
import './compile-cache.mjs';

// What is loaded stays: room for short-lived objects would only grow, and be kept. `serve` lets it grow with the load.
setFlagsFromString('--semi-space-growth-factor=1');
const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));
