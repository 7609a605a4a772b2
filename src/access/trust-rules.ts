// What an administrator may write into a trust rule: enough that it trusts somebody, and not everybody.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { quoted } from '../oci/quoted.ts';
import { issuerProblem } from '../ports/issuer-address.ts';
import { publicKeyProblem } from '../ports/issuer-keys.ts';
import type { TrustRule } from './identity-tokens.ts';

const MAXIMUM_CLAIMS = 20;
/** characters of an audience, of a claim's name, and of a pattern */
const MAXIMUM_LENGTH = 512;
const MAXIMUM_KEYS = 20;
/** What jose verifies with: `ALGORITHMS` in identity-tokens.ts. */
const CURVES = ['P-256', 'P-384', 'P-521', 'Ed25519'];
const MINIMUM_RSA_BITS = 2048;

/** They say nothing about who shows the token, or are compared anyway. */
const SAY_NOT_WHO = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'];

interface SharedIssuer {
  /** Patterns that only the tokens of one owner fit, by claim. A group's or an owner's name has to be complete. */
  readonly owner: Readonly<Record<string, RegExp>>;
  readonly example: string;
}

/** No "*" or "?" */
const EXACT = /^[^*?]+$/;
/** `acme/…`: complete up to the first slash */
const BELOW = /^[^*?/]+\//;

/** Anybody can get a token of these, so a rule that does not say whose it must be (but only "main", say) trusts the world. */
const SHARED_ISSUERS: Readonly<Record<string, SharedIssuer>> = {
  // https://docs.github.com/en/actions/reference/security/oidc; of late the subject is "repo:acme@1234/web@5678:…".
  'https://token.actions.githubusercontent.com': {
    owner: {
      repository: BELOW,
      repository_id: EXACT,
      repository_owner: EXACT,
      repository_owner_id: EXACT,
      sub: /^repo:[^*?/@]+[/@]/,
    },
    example: 'repository: acme/charts',
  },
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/
  'https://gitlab.com': {
    owner: {
      project_path: BELOW,
      project_id: EXACT,
      namespace_path: /^[^*?/]+(?:\/|$)/,
      namespace_id: EXACT,
      sub: /^project_path:[^*?/]+\//,
    },
    example: 'project_path: acme/charts',
  },
};

/** What is wrong with the rule, as a sentence without its end for who wrote it; undefined when nothing is. */
export function checkTrustRule(rule: Omit<TrustRule, 'name'>): string | undefined {
  return (
    issuerProblem(rule.issuer) ??
    audienceProblem(rule.audience) ??
    claimsProblem(rule.claims) ??
    ownerProblem(rule) ??
    (rule.keys === undefined ? undefined : keySetProblem(rule.keys))
  );
}

function audienceProblem(audience: string): string | undefined {
  if (audience === '') return 'the audience is missing: the name of this registry that tokens are asked for';
  if (audience.length > MAXIMUM_LENGTH) return `the audience has more than ${MAXIMUM_LENGTH} characters`;
  if (!isOneLine(audience)) return 'the audience has spaces around it or control characters in it';
  return undefined;
}

function claimsProblem(claims: TrustRule['claims']): string | undefined {
  const patterns = Object.entries(claims);
  if (patterns.length > MAXIMUM_CLAIMS) return `the rule has more than ${MAXIMUM_CLAIMS} claims`;
  for (const [key, pattern] of patterns) {
    const name = JSON.stringify(key.slice(0, 100));
    if (key === '') return 'a claim has no name';
    if (key.length > MAXIMUM_LENGTH) return `the claim ${name} has a name of more than ${MAXIMUM_LENGTH} characters`;
    if (key.startsWith('/') && /~(?![01])/.test(key)) {
      return `the claim ${name} is no JSON pointer: "~" is written "~0" there, and "/" in a name "~1"`;
    }
    if (pattern.length > MAXIMUM_LENGTH) {
      return `the pattern of the claim ${name} has more than ${MAXIMUM_LENGTH} characters`;
    }
    if (!isOneLine(pattern)) return `the pattern of the claim ${name} has spaces around it or control characters in it`;
  }
  if (!patterns.some(([key, pattern]) => !SAY_NOT_WHO.includes(key) && /[^*?]/.test(pattern))) {
    return 'the rule trusts everybody who has a token of this issuer: it needs a claim that says who, and whose pattern is not only "*"';
  }
  return undefined;
}

function ownerProblem({ issuer, claims }: Pick<TrustRule, 'issuer' | 'claims'>): string | undefined {
  const shared = SHARED_ISSUERS[issuer.replace(/\/$/, '')];
  if (!shared || Object.entries(claims).some(([key, pattern]) => shared.owner[key]?.test(pattern))) return undefined;
  const names = Object.keys(shared.owner).join(', ');
  return `anybody can get a token of ${issuer}: one of the claims ${names} must say whose it is, with the owner's whole name, like "${shared.example}"`;
}

function keySetProblem(set: object): string | undefined {
  const keys = 'keys' in set ? set.keys : undefined;
  if (!Array.isArray(keys)) return 'the keys are no JWK set: an object with a list "keys"';
  if (keys.length === 0) return 'the JWK set has no key';
  if (keys.length > MAXIMUM_KEYS) return `the JWK set has more than ${MAXIMUM_KEYS} keys`;
  const problems = keys.map((key, index) => {
    const problem = publicKeyProblem(key) ?? unusableKeyProblem(key as JsonWebKey);
    return problem && `key ${index + 1} of the JWK set ${problem}`;
  });
  return problems.find((problem) => problem !== undefined);
}

function unusableKeyProblem(key: JsonWebKey): string | undefined {
  // A JWK has no others (RFC 7517, section 4), and what is nested as deeply as somebody likes cannot be stored.
  const nested = Object.keys(key).find((name) => !isFlat(key[name]));
  if (nested !== undefined) return `has ${quoted(nested)}, which is neither a text nor a list of texts`;
  if (key.kty !== 'RSA' && !CURVES.includes(key.crv ?? '')) return `has none of the curves ${CURVES.join(', ')}`;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength ?? MINIMUM_RSA_BITS;
    return bits < MINIMUM_RSA_BITS ? `has ${bits} bits, and at least ${MINIMUM_RSA_BITS} are needed` : undefined;
  } catch {
    return 'is malformed';
  }
}

function isFlat(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((member) => typeof member !== 'object');
}

function isOneLine(text: string): boolean {
  return text === text.trim() && !/\p{Cc}/u.test(text);
}
