// Entries of oidc-provider in PostgreSQL: one table, a row an entry, found by its key or by its grant.
import pg from 'pg';

/// The adapter over a pool of as many connections as Mainstay's has.
export async function postgresAdapter(url) {
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  await pool.query(
    `CREATE TABLE IF NOT EXISTS oidc (
       key TEXT PRIMARY KEY, payload JSONB NOT NULL, grant_id TEXT, expires_at TIMESTAMPTZ)`,
  );
  await pool.query('CREATE INDEX IF NOT EXISTS oidc_by_grant ON oidc (grant_id)');
  // Statements with a name are prepared once a connection.
  const run = (name, text, values) => pool.query({ name, text, values });

  return class PostgresAdapter {
    constructor(model) {
      this.model = model;
    }

    key(id) {
      return `${this.model}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
      const grantId = this.model === 'Grant' ? null : (payload.grantId ?? null);
      await run(
        'upsert',
        `INSERT INTO oidc (key, payload, grant_id, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO UPDATE SET payload = $2, grant_id = $3, expires_at = $4`,
        [this.key(id), JSON.stringify(payload), grantId, expiresAt],
      );
    }

    async find(id) {
      const found = await run(
        'find',
        'SELECT payload FROM oidc WHERE key = $1 AND (expires_at IS NULL OR expires_at > now())',
        [this.key(id)],
      );
      return found.rows[0]?.payload;
    }

    async findByUid() {
      return undefined;
    }

    async findByUserCode() {
      return undefined;
    }

    async consume(id) {
      await run(
        'consume',
        `UPDATE oidc SET payload = payload || jsonb_build_object('consumed', floor(extract(epoch FROM now())))
         WHERE key = $1`,
        [this.key(id)],
      );
    }

    async destroy(id) {
      await run('destroy', 'DELETE FROM oidc WHERE key = $1', [this.key(id)]);
    }

    async revokeByGrantId(grantId) {
      await run('revoke', 'DELETE FROM oidc WHERE grant_id = $1', [grantId]);
    }
  };
}
