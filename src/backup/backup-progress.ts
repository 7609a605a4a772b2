// How far a backup, its check or its restoration is, for whoever waits for it.

export type BackupProgress =
  /** `done`: the part of it, 0 to 1 */
  | { readonly stage: 'database'; readonly done: number }
  | { readonly stage: 'blobs'; readonly done: number; readonly count: number };
