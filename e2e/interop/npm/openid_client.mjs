// openid-client, which is given the issuer and credentials and finds out the rest.
import * as client from 'openid-client';
import { callback, check, consent, done, held, platform, refused, works } from './person.mjs';

const { CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID } = process.env;
const issuer = new URL(platform);
// Plain http, as this runs on loopback.
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };

async function authorise(config, redirect_uri) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'companies:read',
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const location = await consent(url);
  return { location, checks: { pkceCodeVerifier: verifier, expectedState: state } };
}

for (const [how, authentication] of [
  ['Basic', client.ClientSecretBasic(CLIENT_SECRET)],
  ['body', client.ClientSecretPost(CLIENT_SECRET)],
]) {
  const config = await client.discovery(issuer, CLIENT_ID, undefined, authentication, options);
  check(config.serverMetadata().issuer === platform, 'another issuer');
  held(`discovery (${how})`);

  const { location, checks } = await authorise(config, callback);
  const first = await client.authorizationCodeGrant(config, location, checks);
  check(first.token_type === 'bearer' && first.expires_in > 0 && first.refresh_token, 'no pair of tokens');
  check(await works(first.access_token), 'the access token does not work');
  held('code with PKCE and iss');

  const second = await client.refreshTokenGrant(config, first.refresh_token);
  check(second.refresh_token !== first.refresh_token, 'the refresh token was not rotated');
  held('refresh');

  const told = await client.tokenIntrospection(config, second.access_token);
  check(told.active === true && told.client_id === CLIENT_ID && told.scope === 'companies:read', 'not introspected');
  held('introspection');

  await client.tokenRevocation(config, second.refresh_token);
  check((await client.tokenIntrospection(config, second.refresh_token)).active === false, 'revoked and active');
  check(!(await works(second.access_token)), 'revoked and works');
  await refused('invalid_grant', () => client.refreshTokenGrant(config, second.refresh_token));
  held('revocation');

  const again = await authorise(config, callback);
  const once = await client.authorizationCodeGrant(config, again.location, again.checks);
  await refused('invalid_grant', () => client.authorizationCodeGrant(config, again.location, again.checks));
  check(!(await works(once.access_token)), 'a code was used twice and its tokens work');
  held('a replayed code is refused');

  const wrong = how === 'Basic' ? client.ClientSecretBasic('wrong') : client.ClientSecretPost('wrong');
  const liar = await client.discovery(issuer, CLIENT_ID, undefined, wrong, options);
  const third = await authorise(liar, callback);
  // Each 401 holds a challenge (RFC 9110 section 11.6.1), which this library reports before anything else.
  const word = 'OAUTH_WWW_AUTHENTICATE_CHALLENGE';
  await refused(word, () => client.authorizationCodeGrant(liar, third.location, third.checks));
  held('a wrong secret is refused');
}

// Without a secret: loopback with a port of the moment.
const native = await client.discovery(issuer, PUBLIC_CLIENT_ID, undefined, client.None(), options);
const { location, checks } = await authorise(native, 'http://127.0.0.1:49321/callback');
check(location.port === '49321', 'another port');
const pair = await client.authorizationCodeGrant(native, location, checks);
const next = await client.refreshTokenGrant(native, pair.refresh_token);
await refused('invalid_grant', () => client.refreshTokenGrant(native, pair.refresh_token));
check(!(await works(next.access_token)), 'a replayed refresh token leaves the family alive');
held('public client, replayed refresh token');

done('openid-client (npm)');
