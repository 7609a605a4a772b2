// Checks a Chart.lock that somebody sends, as CI does before it builds.

import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { CheckedDependency } from '../../catalog/lock-check.ts';
import { Type } from '../../json-schemas.ts';
import { readableBy } from '../reader.ts';
import type { Routes } from '../server.ts';
import { Place } from './chart-relations.ts';
import { hostsOf } from './chart-request.ts';
import { ChartName, shownReference, VersionReference } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { orNull, shownTimeOrNull, strict, Time } from './schemas.ts';

/** characters; the body as a whole may have 64 KiB */
const MAXIMUM_FILE = 60_000;

const LockedFiles = strict(
  {
    lock: Type.String({ maxLength: MAXIMUM_FILE, description: 'The text of Chart.lock, or requirements.lock.' }),
    chart: Type.Optional(
      Type.String({
        ...{ maxLength: MAXIMUM_FILE },
        description: 'The text of Chart.yaml; without it, nothing is said of ranges.',
      }),
    ),
    requirements: Type.Optional(
      Type.String({
        ...{ maxLength: MAXIMUM_FILE },
        description: 'The text of requirements.yaml, where charts of apiVersion v1 have their dependencies.',
      }),
    ),
  },
  { title: 'LockedFiles', description: 'The files to be checked, as texts; at most 100 dependencies.' },
);
const NO_RANGE = 'Null without Chart.yaml.';
const NOT_NEWER = 'Null when there is none, or when it is not in this registry or not for the caller.';
const Checked = strict(
  {
    ...{ name: Type.String(), version: Type.String(), location: Type.String(), place: Place },
    chart: orNull(ChartName, 'Where it would be in this registry; null for elsewhere.'),
    found: orNull(VersionReference, 'The version in this registry; null when it is not there, or not for the caller.'),
    range: orNull(Type.String(), `As Chart.yaml has it. ${NO_RANGE}`),
    inRange: orNull(Type.Boolean(), `Whether the range admits the version. ${NO_RANGE}`),
    newerAllowed: orNull(Type.String(), `The newest version that the range admits, if it is newer. ${NOT_NEWER}`),
    newer: orNull(Type.String(), `The newest version of all, if it is newer. ${NOT_NEWER}`),
  },
  { title: 'LockedDependency', description: 'What became of a version that a Chart.lock names.' },
);
const LockCheck = strict(
  {
    ok: Type.Boolean({
      description:
        'Nothing is wrong: as far as it is known the lock fits Chart.yaml, and each version that should be here is, and is not yanked.',
    }),
    inSync: orNull(
      Type.Boolean(),
      'Whether the lock was made of these dependencies, as "helm dependency build" asks. Null without Chart.yaml.',
    ),
    generatedAt: orNull(Time, 'When the lock was made, as it says.'),
    dependencies: Type.Array(Checked),
  },
  { title: 'LockCheck', description: 'What is to be said of a Chart.lock.' },
);

const CHECK = {
  ...{
    operationId: 'checkLock',
    tags: ['charts'],
    summary: 'Check a Chart.lock: drift, what is gone or yanked, what is newer',
  },
  ...{ body: LockedFiles, response: { 200: LockCheck } },
};

export function lockCheckRoute(app: Routes, { catalog }: Management): void {
  app.post('/lock-check', { config: { access: 'reader', refuses: [403] }, schema: CHECK }, async (request) => {
    const { lock, chart, requirements } = request.body;
    const check = await catalog.checkLock({ lock, chart, requirements, hosts: hostsOf(request) }, readableBy(request));
    return {
      ok: check.isGood,
      inSync: check.isInSync ?? null,
      generatedAt: shownTimeOrNull(check.generatedAt ?? null),
      dependencies: check.dependencies.map((dependency) => shownDependency(request, dependency)),
    };
  });
}

function shownDependency(request: FastifyRequest, dependency: CheckedDependency): Static<typeof Checked> {
  const { name, version, repository, place, found, range, isInRange, newerAllowed, newer } = dependency;
  return {
    ...{ name, version, location: repository, place: place.kind },
    chart: place.kind === 'here' ? place.repository : null,
    found: found ? shownReference(request, found) : null,
    ...{ range: range ?? null, inRange: isInRange ?? null, newerAllowed: newerAllowed ?? null, newer: newer ?? null },
  };
}
