// Robots: the accounts of CI and clusters.

import { DEFAULT_OVERLAP } from '../../accounts/issued-secrets.ts';
import { displayNamespace } from '../../accounts/namespace-path.ts';
import type { Robot as GivenRobot } from '../../accounts/robots.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import {
  AskedScope,
  Expiry,
  Name,
  newExpiry,
  Path,
  Rotation,
  readExpiry,
  readTime,
  Scope,
  Secrets,
  SecretText,
  shownIssuedSecret,
  shownScope,
  shownTime,
  shownTimeOrNull,
  strict,
  Time,
  text,
} from './schemas.ts';

const USUAL_DAYS = 365;
const Description = text(500, 'What it is for.', 0);
const Scopes = Type.Array(AskedScope, { minItems: 1, maxItems: 50, description: 'All within its namespace.' });
const Disabled = Type.Boolean({ description: 'Whether it is locked out.' });

const Robot = strict(
  {
    ...{ name: Name, namespace: Path, description: Description },
    scopes: Type.Array(Scope, { description: 'What it may do.' }),
    ...{ disabled: Disabled, expiresAt: Expiry, createdAt: Time },
    createdBy: Type.String({ description: 'Who made it.' }),
    secrets: Secrets,
  },
  { title: 'Robot', description: 'The account of a program; the maintainers of its namespace manage it.' },
);
const NewRobot = strict(
  {
    ...{ name: Name, namespace: Path, description: Type.Optional(Description), scopes: Scopes },
    expiresAt: newExpiry(USUAL_DAYS),
  },
  { title: 'NewRobot', description: 'A robot to add.' },
);
const RobotChange = strict(
  {
    ...{ description: Type.Optional(Description), scopes: Type.Optional(Scopes) },
    ...{ disabled: Type.Optional(Disabled), expiresAt: Type.Optional(Expiry) },
  },
  { title: 'RobotChange', description: 'What is given changes.', minProperties: 1 },
);
const RobotWithSecret = strict(
  { robot: Robot, secret: SecretText },
  { title: 'RobotWithSecret', description: 'A robot and its new secret.' },
);
const Params = strict({ name: Name });
const tags = ['robots'];

const LIST = {
  ...{ operationId: 'listRobots', tags, summary: 'List the robots of the namespaces that the caller maintains' },
  querystring: listQuery({}),
  response: { 200: pageOf(Robot) },
};
const ADD = {
  ...{ operationId: 'addRobot', tags, summary: 'Add a robot' },
  body: NewRobot,
  response: { 201: RobotWithSecret },
};
const SHOW = {
  ...{ operationId: 'getRobot', tags, summary: 'Show a robot' },
  params: Params,
  response: { 200: Robot },
};
const CHANGE = {
  ...{ operationId: 'changeRobot', tags, summary: 'Change a robot' },
  params: Params,
  body: RobotChange,
  response: { 200: Robot },
};
const REMOVE = {
  ...{ operationId: 'removeRobot', tags, summary: 'Remove a robot; its secrets end at once' },
  params: Params,
  response: { 204: Type.Null({ description: 'The robot is gone.' }) },
};
const ROTATE = {
  ...{ operationId: 'rotateRobot', tags, summary: 'Give a robot another secret' },
  params: Params,
  body: Rotation,
  response: { 200: RobotWithSecret },
};
const REVOKE = {
  ...{ operationId: 'revokeRobotSecret', tags, summary: 'End one of the secrets of a robot at once' },
  params: strict({ name: Name, id: text(64, 'The id of the secret.') }),
  response: { 204: Type.Null({ description: 'The secret has ended.' }) },
};

export function robotRoutes(app: Routes, { accounts: { robots }, clock }: Management): void {
  app.get('/robots', { config: { access: 'management' }, schema: LIST }, async (request) => {
    return await answerPage(request, {
      find: ([last = ''], limit) => robots.list({ last, limit }, managerOf(request)),
      key: ({ name }) => [name],
      keyLength: 1,
      show: shownRobot,
    });
  });

  app.post('/robots', { config: { access: 'management', refuses: [409] }, schema: ADD }, async (request, reply) => {
    const { name, namespace, description, scopes, expiresAt } = request.body;
    const expiry = readExpiry(expiresAt, USUAL_DAYS, clock.now());
    const asked = { name, namespace, description, scopes, expiresAt: expiry };
    const { robot, secret } = await robots.add(asked, managerOf(request));
    reply.code(201).header('location', `/api/v1/robots/${name}`);
    return await reply.send({ robot: shownRobot(robot), secret });
  });

  const config = { access: 'management', refuses: [404] } as const;
  app.get('/robots/:name', { config, schema: SHOW }, async (request) => {
    return shownRobot(await robots.find(request.params.name, managerOf(request)));
  });

  app.patch('/robots/:name', { config, schema: CHANGE }, async (request) => {
    const { expiresAt, ...change } = request.body;
    const expiry = typeof expiresAt === 'string' ? readTime(expiresAt) : expiresAt;
    const asked = expiry === undefined ? change : { ...change, expiresAt: expiry };
    return shownRobot(await robots.change(request.params.name, asked, managerOf(request)));
  });

  app.delete('/robots/:name', { config, schema: REMOVE }, async (request, reply) => {
    await robots.remove(request.params.name, managerOf(request));
    return await reply.code(204).send(null);
  });

  app.post('/robots/:name/rotate', { config, schema: ROTATE }, async (request) => {
    const { overlap = DEFAULT_OVERLAP } = request.body;
    const { robot, secret } = await robots.rotate(request.params.name, overlap, managerOf(request));
    return { robot: shownRobot(robot), secret };
  });

  app.delete('/robots/:name/secrets/:id', { config, schema: REVOKE }, async (request, reply) => {
    await robots.revokeSecret(request.params.name, request.params.id, managerOf(request));
    return await reply.code(204).send(null);
  });
}

function shownRobot(robot: GivenRobot) {
  const { name, namespace, description, disabled, createdBy } = robot;
  return {
    ...{ name, namespace: displayNamespace(namespace), description, disabled, createdBy },
    scopes: robot.scopes.map(shownScope),
    expiresAt: shownTimeOrNull(robot.expiresAt),
    createdAt: shownTime(robot.createdAt),
    secrets: robot.secrets.map(shownIssuedSecret),
  };
}
