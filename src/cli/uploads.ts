// `chartroom upload …`: uploads that were begun and are not over, whosever they are.
import { reader } from './answers.ts';
import { allItems } from './management.ts';
import { managementCommand } from './management-command.ts';
import { shownTime } from './moments.ts';
import { pathOf } from './path-of.ts';
import { table } from './table.ts';
import { shownSize } from './words.ts';

interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastReceivedAt: string;
  readonly receivedBytes: number;
}

const readUpload = reader<Upload>('id', 'repository', 'createdBy', 'createdAt', 'lastReceivedAt', 'receivedBytes');

export const uploadCommands = [
  managementCommand({
    name: 'upload list',
    summary: 'list the uploads that were begun and are not over, the oldest first',
    hasAnswer: true,
    run: async ({ management }) => {
      const items = await allItems(management, '/uploads');
      const rows = items
        .map(readUpload)
        .map((upload) => [
          ...[upload.id, upload.repository, upload.createdBy, shownTime(upload.createdAt)],
          ...[shownTime(upload.lastReceivedAt), shownSize(upload.receivedBytes)],
        ]);
      const head = ['ID', 'REPOSITORY', 'BEGUN BY', 'BEGUN', 'LAST BYTES', 'RECEIVED'];
      return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
    },
  }),
  managementCommand({
    name: 'upload end',
    words: ['ID...'],
    summary: 'end uploads, whosever they are; what arrived of them goes at once',
    run: async ({ management, words }) => {
      for (const id of words) await management.request('DELETE', pathOf`/uploads/${id}`);
      return { lines: words.map((id) => `ended the upload ${id}`) };
    },
  }),
];
