// A BlobStore of which blobs can be opened and nothing else: for processes that only read.
import type { BlobStore } from '../ports/blob-store.ts';
import { ForMainProcess } from '../ports/read-only.ts';

/** Also looking at what may be damaged is refused: what comes of it has to be recorded. @throws ForMainProcess */
export function onlyOpening(store: BlobStore): BlobStore {
  const refuse = (): never => {
    throw new ForMainProcess();
  };
  return {
    open: (digest, range) => store.open(digest, range),
    size: (digest) => store.size(digest),
    lastWritten: (digest) => store.lastWritten(digest),
    received: refuse,
    append: refuse,
    complete: refuse,
    truncate: refuse,
    read: refuse,
    commit: refuse,
    discard: refuse,
    listUploads: refuse,
    lastReceived: refuse,
    delete: refuse,
    list: refuse,
    examine: refuse,
    setAside: refuse,
    putBack: refuse,
    listSetAside: refuse,
    removeSetAside: refuse,
    checkWritable: refuse,
    space: refuse,
  };
}
