// The program: hands its arguments to the command line.
import { runCommandLine } from './cli/command-line.ts';

// Before any file is made: password hashes and charts are for this system user alone, also in a folder that others may enter.
process.umask(0o077);
process.exitCode = await runCommandLine(process.argv.slice(2));
