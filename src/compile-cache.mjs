// What both programs do first, in plain JavaScript: once all is compiled, nothing has its types stripped, and Node never loads what strips them.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Before any file is made: password hashes, charts and what is compiled are for this system user alone, also in a folder that others may enter.
process.umask(0o077);
// Most of a start would go into stripping types and compiling. Beside the program and not in a folder for temporary files, where
// others could leave code to be run; where this user may not write, it is only slower.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compiled'));
