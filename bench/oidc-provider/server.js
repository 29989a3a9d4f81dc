// oidc-provider as people run it for machine clients: opaque tokens, every refresh rotates, everything in this process's memory.
// Its own memory adapter holds a thousand entries at most, so a plain map stands in for it: the fastest store there is.
//
//   node server.js --tokens 100000 --out tokens.json [--postgres URL]
//
// prints `ready http://ADDRESS` once the tokens are in memory and their texts in the file.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';
import { postgresAdapter } from './postgres.js';

const { values } = parseArgs({
  options: { tokens: { type: 'string' }, out: { type: 'string' }, postgres: { type: 'string' } },
});

const entries = new Map();
const grants = new Map();

class MapAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    entries.set(key, payload);
    if (payload.grantId && this.model !== 'Grant') {
      const keys = grants.get(payload.grantId);
      if (keys) keys.push(key);
      else grants.set(payload.grantId, [key]);
    }
  }

  async find(id) {
    return entries.get(this.key(id));
  }

  async findByUid() {
    return undefined;
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}

const clientId = 'bench';
const provider = new Provider('http://127.0.0.1', {
  adapter: values.postgres ? await postgresAdapter(values.postgres) : MapAdapter,
  clients: [
    {
      client_id: clientId,
      client_secret: 'bench-secret-bench-secret-bench-secret',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://app.example/cb'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  features: { introspection: { enabled: true }, devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  scopes: ['offline_access', 'read'],
  ttl: { AccessToken: 900, RefreshToken: 86400, Grant: 86400 },
});

const client = await provider.Client.find(clientId);
const tokens = [];
async function issue(number) {
  const accountId = `account-${number}`;
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope('offline_access read');
  const grantId = await grant.save();
  const common = { accountId, client, grantId, gty: 'authorization_code', scope: 'offline_access read' };
  const refresh = await new provider.RefreshToken({ ...common, rotations: 0 }).save();
  const access = await new provider.AccessToken(common).save();
  tokens.push([access, refresh]);
}
for (let first = 0; first < Number(values.tokens); first += 100) {
  const count = Math.min(100, Number(values.tokens) - first);
  await Promise.all(Array.from({ length: count }, (_, index) => issue(first + index)));
}
writeFileSync(values.out, JSON.stringify(tokens));

const server = provider.listen(0, '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${server.address().port}`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
