// Says what goes wrong on a disk in the words of the ports.
import { storageError } from '../../ports/storage-unusable.ts';

/** Runs what asks the operating system. @throws StorageUnusable, or what is no trouble of the storage, as it is */
export async function onDisk<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    throw storageError(error);
  }
}

/** The same for what comes one after the other. */
export async function* each<Item>(items: AsyncIterable<Item>): AsyncIterable<Item> {
  try {
    yield* items;
  } catch (error) {
    throw storageError(error);
  }
}
