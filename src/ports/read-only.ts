// What a process may not do that only reads: by this error it finds out, and has the main process do it.

export class ForMainProcess extends Error {
  constructor() {
    super('this is for the main process');
    this.name = 'ForMainProcess';
  }
}
