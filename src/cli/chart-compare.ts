// `chartroom chart compare`: what an upgrade changes, and what it may break.
import { chartPath } from './chart-path.ts';
import { readComparison } from './comparison-answer.ts';
import { changeLines, diffLines, riskLines } from './comparison-lines.ts';
import { withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { counted } from './words.ts';

const DIFF = { name: 'diff', summary: 'also show the lines that differ, file by file' };
const FAIL = { name: 'fail-on-breaking', summary: 'exit with 1 when something was found that breaks' };

export const chartCompare = managementCommand({
  name: 'chart compare',
  words: ['CHART', 'FROM', 'TO'],
  summary: 'say what changes from one version to another, what may break first',
  options: [DIFF, FAIL],
  hasAnswer: true,
  exitCodes: { 1: 'not compared, or with --fail-on-breaking something breaks; standard error says which' },
  run: compareVersions,
});

async function compareVersions({ management, words: [chart = '', from, to], options }: Call): Promise<Outcome> {
  const answer = await management.request('GET', withQuery(`${chartPath(chart)}/-/compare`, { from, to }));
  const comparison = readComparison(answer);
  const breaking = comparison.breaking.filter(({ severity }) => severity === 'breaking').length;
  const versions = `${comparison.from.version} to ${comparison.to.version}`;
  return {
    answer,
    lines: comparison.equal
      ? [`from ${versions} nothing changes`]
      : [
          ...riskLines(comparison),
          ...changeLines(comparison),
          ...(options.has(DIFF.name) ? diffLines(comparison) : []),
        ],
    failure:
      options.has(FAIL.name) && breaking > 0
        ? `from ${versions}, ${counted(breaking, 'change breaks', 'changes break')} what worked`
        : undefined,
  };
}
