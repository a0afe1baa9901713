#!/usr/bin/env node
// The maniple command: finds the area and verb, resolves the settings, runs, prints, and ends with the exit code of
// the contract. Everything else is loaded when it is needed.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dispatch } from './dispatch.js';
import { EXIT } from './exit-codes.js';

// A reader of our output that has seen enough (`maniple ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await dispatch(process.argv.slice(2));
  // An interrupted run may have left threads behind that still work: they are not waited for.
  if (process.exitCode === EXIT.interrupted) process.exit();
}
