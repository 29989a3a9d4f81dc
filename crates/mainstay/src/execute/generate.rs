use std::collections::BTreeSet;
use std::time::Duration;

use audit::Actor;
use authserver::{ClientError, ClientId, ClientSpec, ClientState, PkceRule, SeedSecret};
use base::{Secret, SystemEntropy};
use oauth::ClientAuthMethod;
use serde_json::json;

use crate::configuration::PleoEnvironment;
use crate::failure::Failure;
use crate::generate::not_staging;
use crate::output::Output;
use crate::wiring::platform::PlatformSide;

const SCOPE: &str = "companies:read export-items:read export-jobs:read export-jobs:write";
/// Longer than any load test.
const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// Makes authorisations over companies that do not exist, given by nobody.
pub(super) async fn authorisations(
    side: &PlatformSide,
    client_id: &str,
    client_secret: Secret<String>,
    count: usize,
) -> Result<Output, Failure> {
    if side.environment != PleoEnvironment::Staging {
        return Err(not_staging());
    }
    let failed = |error: ClientError| Failure::new("nothing was generated", error, "see `mainstay doctor`");
    let id = ClientId::new(client_id);
    let scope = SCOPE.parse().expect("the scope above is one");
    let spec = ClientSpec {
        redirect_uris: vec!["https://load-test.invalid/callback".parse().expect("the address above is one")],
        scope,
        pkce: PkceRule::Required,
        auth_methods: BTreeSet::from([
            ClientAuthMethod::ClientSecretBasic,
            ClientAuthMethod::ClientSecretPost,
        ]),
        access_token_lifetime: ACCESS_TOKEN_LIFETIME,
        ..ClientSpec::confidential(client_id, "Load test")
    };
    let scope = spec.scope.clone();
    let secret = SeedSecret::Set(client_secret.clone());
    side.server
        .upsert_client(spec, ClientState::Approved, secret, Actor::CommandLine)
        .await
        .map_err(failed)?;
    let clock = &*side.opened.clock;
    let subjects =
        (0..count).map(|_| format!("urn:pleo:company:{}", base::new_uuid(clock, &SystemEntropy))).collect();
    let generated = side.server.generate_authorisations(&id, subjects, "load-test", &scope).await;
    let rows = generated.map_err(failed)?.into_iter().map(|made| {
        json!({
            "client_id": client_id,
            "client_secret": client_secret.expose(),
            "subject": made.subject,
            "access_token": made.access_token.expose(),
            "refresh_token": made.refresh_token.expose(),
        })
    });
    Ok(Output::of(rows.collect()))
}
