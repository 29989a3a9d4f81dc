use audit::{Actor, AuditEvent, Origin};
use base::{Scope, Secret};

use super::AuthorizationServer;
use crate::authorisation::{ActiveTokens, Authorisation, AuthorisationId, AuthorisationState};
use crate::client::ClientId;
use crate::outcome::ClientError;

/// An authorisation made for a load test, with its tokens.
#[derive(Debug)]
pub struct Generated {
    /// Over whom.
    pub subject: String,
    /// Its access token.
    pub access_token: Secret<String>,
    /// Its refresh token.
    pub refresh_token: Secret<String>,
}

impl AuthorizationServer {
    /// Makes one live authorisation for each subject, as if the client had been granted `scope` and had exchanged its code: for load
    /// tests, which need more of them than anybody would consent to. All in one transaction; some thousands at once are fine.
    pub async fn generate_authorisations(
        &self,
        client_id: &ClientId,
        subjects: Vec<String>,
        granted_by: &str,
        scope: &Scope,
    ) -> Result<Vec<Generated>, ClientError> {
        let client = self.ports.store.client(client_id).await?;
        let spec = client.ok_or_else(|| ClientError::Unknown(client_id.clone()))?.spec;
        let now = self.ports.clock.now();
        let absolute_expires_at = spec.refresh_absolute.map(|life| now + life);
        let event = AuditEvent::new("authorisations.generated", Actor::CommandLine).client(client_id);
        let record = self.auditor.record(event.with("count", subjects.len()).origin(&Origin::default()));
        let (mut rows, mut generated) =
            (Vec::with_capacity(subjects.len()), Vec::with_capacity(subjects.len()));
        for subject in subjects {
            let id = AuthorisationId::new(&*self.ports.clock, &*self.ports.entropy);
            let access = self.make_access(&spec, id, 1, now, None);
            let refresh = self.make_refresh(&spec, id, 1, now, absolute_expires_at);
            rows.push(Authorisation {
                id,
                client_id: client_id.clone(),
                subject: subject.clone(),
                granted_by: granted_by.to_owned(),
                scope: scope.clone(),
                created_at: now,
                last_used_at: Some(now),
                state: AuthorisationState::Active(Box::new(ActiveTokens {
                    generation: 1,
                    issued_at: now,
                    access: Some(access.row),
                    refresh: Some(refresh.row),
                    absolute_expires_at,
                    predecessor: None,
                })),
            });
            generated.push(Generated { subject, access_token: access.text, refresh_token: refresh.text });
        }
        self.ports.store.insert_active_authorisations(rows, vec![record]).await?;
        Ok(generated)
    }
}
