// simple-oauth2, which is told the endpoints.
import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationCode } from 'simple-oauth2';
import { callback, check, consent, done, held, platform, refused, works } from './person.mjs';

const { CLIENT_ID, CLIENT_SECRET } = process.env;

function make(authorizationMethod, secret = CLIENT_SECRET) {
  return new AuthorizationCode({
    client: { id: CLIENT_ID, secret },
    auth: {
      tokenHost: platform,
      tokenPath: '/oauth/token',
      authorizePath: '/oauth/authorize',
      revokePath: '/oauth/revoke',
    },
    options: { authorizationMethod },
  });
}

async function authorise(client) {
  const code_verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const url = client.authorizeURL({
    redirect_uri: callback,
    scope: 'companies:read',
    state,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const location = await consent(url);
  check(location.searchParams.get('state') === state, 'another state');
  return { code: location.searchParams.get('code'), redirect_uri: callback, code_verifier };
}

for (const method of ['header', 'body']) {
  const client = make(method);
  const asked = await authorise(client);
  const first = await client.getToken(asked);
  check(!first.expired() && (await works(first.token.access_token)), 'the access token does not work');
  held(`code with PKCE (${method})`);

  const second = await first.refresh();
  check(second.token.refresh_token !== first.token.refresh_token, 'the refresh token was not rotated');
  check(await works(second.token.access_token), 'the new access token does not work');
  held('refresh');

  await second.revoke('access_token');
  check(!(await works(second.token.access_token)), 'revoked and works');
  await second.revoke('refresh_token');
  await refused('invalid_grant', () => second.refresh());
  held('revocation');

  await refused('invalid_grant', () => client.getToken(asked));
  held('a replayed code is refused');

  const fresh = await authorise(client);
  await refused('invalid_client', () => make(method, 'wrong').getToken(fresh));
  await refused('invalid_grant', () => client.getToken({ ...fresh, code_verifier: 'x'.repeat(43) }));
  held('a wrong secret and a wrong verifier are refused');
}

done('simple-oauth2 (npm)');
