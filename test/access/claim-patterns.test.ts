// Patterns of trust rules, on the claims that CI systems and clusters really make.
import { expect, test } from 'vitest';
import { type Claims, matchesClaims } from '../../src/access/claim-patterns.ts';
import { GITHUB_JOB, GITLAB_JOB, KUBERNETES_POD } from '../support/workload-claims.ts';

type Patterns = Readonly<Record<string, string>>;

test.each<[string, Claims, Patterns]>([
  ['a branch of GitHub', GITHUB_JOB, { repository: 'acme/*', ref: 'refs/heads/main', event_name: 'push' }],
  ['a subject of GitHub', GITHUB_JOB, { sub: 'repo:acme/charts:*' }],
  ['an owner of GitHub', GITHUB_JOB, { repository: 'acme/*', repository_owner_id: '1234' }],
  ['a workflow of GitHub', GITHUB_JOB, { job_workflow_ref: 'acme/workflows/*/publish.yml@refs/tags/v?' }],
  ['an empty claim', GITHUB_JOB, { head_ref: '' }],
  ['a tag of GitLab', GITLAB_JOB, { project_path: 'acme/*', ref_type: 'tag', ref_protected: 'true' }],
  ['one group of several at GitLab', GITLAB_JOB, { groups_direct: 'acme/security' }],
  ['a number of GitLab', GITLAB_JOB, { runner_id: '12270835' }],
  ['an object in a list', GITLAB_JOB, { '/user_identities/0/provider': 'ldap' }],
  ['a namespace of Kubernetes', KUBERNETES_POD, { '/kubernetes.io/namespace': 'flux-*' }],
  ['a service account', KUBERNETES_POD, { '/kubernetes.io/serviceaccount/name': 'source-controller' }],
  ['one place of a list', KUBERNETES_POD, { '/aud/0': 'charts.example.com' }],
  ['a list in a list', { nested: [['x']] }, { '/nested/0': 'x' }],
  ['a yes', { yes: true }, { yes: 'true' }],
  ['a name with a slash and a tilde', { 'a/b': { '~1': 'z' } }, { '/a~1b/~01': 'z' }],
  ['anything when there is no pattern', {}, {}],
])('patterns fit %s', (_name, claims, patterns) => {
  expect(matchesClaims(claims, patterns)).toBe(true);
});

test.each<[string, Claims, Patterns]>([
  ['when one of them does not', GITHUB_JOB, { repository: 'acme/charts', ref: 'refs/tags/v*' }],
  ['a longer name', GITHUB_JOB, { repository_owner: 'acm' }],
  ['a shorter name', GITHUB_JOB, { repository_owner: 'acme-corp' }],
  ['a name in another case', GITHUB_JOB, { repository_owner: 'Acme' }],
  ['a claim that is not there', GITHUB_JOB, { environment: '*' }],
  ['a claim that is not there and should be empty', GITHUB_JOB, { environment: '' }],
  ['a part of a group', GITLAB_JOB, { groups_direct: 'acme' }],
  ['a list of objects', GITLAB_JOB, { user_identities: '*' }],
  ['another namespace of Kubernetes', KUBERNETES_POD, { '/kubernetes.io/namespace': 'default' }],
  ['an object', KUBERNETES_POD, { 'kubernetes.io': '*' }],
  ['an object behind a pointer', KUBERNETES_POD, { '/kubernetes.io': '*' }],
  ['a member of a text', KUBERNETES_POD, { '/sub/length': '*' }],
  ['the length of a list', KUBERNETES_POD, { '/aud/length': '*' }],
  ['the place behind a list', KUBERNETES_POD, { '/aud/-': '*' }],
  ['a place of a list with a zero before it', KUBERNETES_POD, { '/aud/00': '*' }],
  ['what every object inherits', KUBERNETES_POD, { '/toString/name': '*' }],
  ['what every object inherits, by name', KUBERNETES_POD, { constructor: '*' }],
  ['what the claims only inherit', Object.create({ sub: 'ann' }) as Claims, { sub: 'ann' }],
  ['nothing at all', { nothing: null }, { nothing: '*' }],
  ['nothing by its name', { nothing: null }, { nothing: 'null' }],
  ['an empty list', { groups: [] }, { groups: '*' }],
  ['a list in a list by the name of the outer one', { nested: [['x']] }, { nested: '*' }],
])('patterns do not fit %s', (_name, claims, patterns) => {
  expect(matchesClaims(claims, patterns)).toBe(false);
});
