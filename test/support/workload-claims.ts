// What the identity tokens of jobs and workloads claim, in the shapes that their issuers document.

type Claims = Readonly<Record<string, unknown>>;

/** https://docs.github.com/en/actions/reference/security/oidc: a push to the main branch. */
export const GITHUB_JOB: Claims = {
  jti: '7f1c2a7e-0a9d-4d0c-8a63-3d9f1b0c5e11',
  sub: 'repo:acme/charts:ref:refs/heads/main',
  aud: 'charts.example.com',
  ref: 'refs/heads/main',
  sha: 'f1d2d2f924e986ac86fdf7b36c94bcdf32beec15',
  repository: 'acme/charts',
  repository_owner: 'acme',
  repository_owner_id: '1234',
  run_id: '9876543210',
  run_number: '42',
  run_attempt: '1',
  repository_visibility: 'private',
  repository_id: '567890',
  actor_id: '4321',
  actor: 'ann',
  workflow: 'release',
  head_ref: '',
  base_ref: '',
  event_name: 'push',
  ref_protected: 'true',
  ref_type: 'branch',
  workflow_ref: 'acme/charts/.github/workflows/release.yml@refs/heads/main',
  workflow_sha: 'f1d2d2f924e986ac86fdf7b36c94bcdf32beec15',
  job_workflow_ref: 'acme/workflows/.github/workflows/publish.yml@refs/tags/v2',
  job_workflow_sha: '0a4d55a8d778e5022fab701977c5d840bbc486d0',
  runner_environment: 'github-hosted',
};

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/: a tag of a project in a subgroup. */
export const GITLAB_JOB: Claims = {
  jti: '3c2b8f2a-76a8-4c1c-9c0e-2f8a0b6a7d55',
  sub: 'project_path:acme/platform/charts:ref_type:tag:ref:v1.4.0',
  aud: 'charts.example.com',
  namespace_id: '72',
  namespace_path: 'acme/platform',
  project_id: '20',
  project_path: 'acme/platform/charts',
  user_id: '1',
  user_login: 'ann',
  user_email: 'ann@example.com',
  user_access_level: 'maintainer',
  user_identities: [{ provider: 'ldap', extern_uid: 'ann' }],
  groups_direct: ['acme/platform', 'acme/security'],
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'v1.4.0',
  ref_type: 'tag',
  ref_path: 'refs/tags/v1.4.0',
  ref_protected: 'true',
  environment: 'production',
  environment_protected: 'true',
  environment_action: 'start',
  deployment_tier: 'production',
  runner_id: 12_270_835,
  runner_environment: 'self-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  project_visibility: 'public',
  ci_config_ref_uri: 'gitlab.example.com/acme/platform/charts//.gitlab-ci.yml@refs/tags/v1.4.0',
  ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
};

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/: a projected token of a pod. */
export const KUBERNETES_POD: Claims = {
  aud: ['charts.example.com', 'https://kubernetes.default.svc.cluster.local'],
  jti: 'aed34954-b33a-4142-b1ec-389d6bbb4936',
  'kubernetes.io': {
    namespace: 'flux-system',
    node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
    pod: { name: 'source-controller-6d4f', uid: '5e0bd49b-f040-43b0-99b7-22765a53f7f3' },
    serviceaccount: { name: 'source-controller', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
    warnafter: 1_795_436_000,
  },
  sub: 'system:serviceaccount:flux-system:source-controller',
};
