// How many uploads one owner may have open.
import { RegistryError } from '../oci/error.ts';
import type { Actor } from './actor.ts';

/** Of one owner: more than all jobs of a CI that shares a robot have at once, with what those leave that are killed in a day. */
export const MAXIMUM_OPEN_UPLOADS = 1_000;

/** Permanent, as far as a client's next attempts go: those that were left behind stay for a day. */
export function tooManyUploads({ name }: Actor, maximum: number): RegistryError {
  return new RegistryError(
    'TOO_MANY_UPLOADS',
    `${name} has ${maximum} uploads that were begun and not finished, and may have no more: finish them, or end them with DELETE on their addresses; those that nobody goes on with end by themselves after a day`,
  );
}
