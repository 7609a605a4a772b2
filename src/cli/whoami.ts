// `chartroom whoami`: as whom commands run.
import { readWhoami, type Whoami } from './answers.ts';
import { managementCommand } from './management-command.ts';

export const whoami = managementCommand({
  name: 'whoami',
  summary: 'show as whom commands run, and whether they may manage everything',
  hasAnswer: true,
  run: async ({ management }) => {
    const answer = await management.request('GET', '/whoami');
    const self = readWhoami(answer);
    const may = self.administrator ? ', who may manage everything' : self.management ? '' : ', who may manage nothing';
    return { answer, lines: [`${calledBy(self)}${may}`] };
  },
});

function calledBy({ kind, name }: Whoami): string {
  switch (kind) {
    case 'user':
      return name;
    case 'open':
      return 'everybody';
    default:
      return `${kind} ${name}`;
  }
}
