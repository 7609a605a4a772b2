// `chartroom whoami`: as whom commands run.
import { readWhoami } from './answers.ts';
import { managementCommand } from './management-command.ts';

export const whoami = managementCommand({
  name: 'whoami',
  summary: 'show as whom commands run, and whether they may manage everything',
  hasAnswer: true,
  run: async ({ management }) => {
    const answer = await management.request('GET', '/whoami');
    const { kind, name, administrator, management: mayManage } = readWhoami(answer);
    const may = administrator ? ', who may manage everything' : mayManage ? '' : ', who may manage nothing';
    return { answer, lines: [`${kind === 'user' ? name : `${kind} ${name}`.trimEnd()}${may}`] };
  },
});
