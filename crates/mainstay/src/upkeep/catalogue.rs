use providers::{Catalogue, Overrides, Provider, ProviderId};
use serde_json::{Value, json};

use crate::cli::Providers;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring;

/// `mainstay providers …`.
pub(crate) fn providers(configuration: &Configuration, command: &Providers) -> Result<Output, Failure> {
    let catalogue = wiring::connect::catalogue(configuration)?;
    let overrides = wiring::connect::overrides(configuration, &catalogue)?;
    let of = |provider: &Provider| overrides.get(&provider.id).cloned().unwrap_or_default();
    match command {
        Providers::List => {
            let rows = catalogue
                .iter()
                .map(|provider| shown(provider, &of(provider)))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Output::list(rows, &["id", "name", "side", "environment", "sign_in", "api_url"]))
        }
        Providers::Show { id } => {
            let found = id.parse::<ProviderId>().ok().and_then(|id| catalogue.get(&id));
            let provider = found.ok_or_else(|| {
                Failure::new(
                    format!("there is no provider {id}"),
                    format!("the catalogue has {}", names(&catalogue)),
                    "`mainstay providers list` shows them; a file of your own goes to DIR/providers",
                )
            })?;
            Ok(Output::of(shown(provider, &of(provider))?))
        }
        Providers::Check => {
            for provider in catalogue.iter() {
                shown(provider, &of(provider))?;
            }
            let data = json!({"ok": true, "providers": catalogue.iter().count()});
            Ok(Output::of(data).with_note("Each provider's file is right, and the configuration fits it."))
        }
    }
}

fn names(catalogue: &Catalogue) -> String {
    catalogue.iter().map(|provider| provider.id.to_string()).collect::<Vec<_>>().join(", ")
}

fn shown(provider: &Provider, overrides: &Overrides) -> Result<Value, Failure> {
    let endpoints = provider.endpoints(overrides).map_err(|error| {
        Failure::new(
            format!("the configuration of {} does not fit it", provider.id),
            error,
            format!("correct [providers.{}] in the configuration file", provider.id),
        )
    })?;
    let rotation = provider.rotation.as_ref();
    Ok(json!({
        "id": provider.id.to_string(),
        "name": provider.name,
        "side": provider.side,
        "environment": endpoints.environment,
        "sign_in": if provider.oauth.is_some() { "oauth" } else { "key" },
        "authorize_url": endpoints.authorize_url,
        "token_url": endpoints.token_url,
        "introspect_url": endpoints.introspect_url,
        "revoke_url": endpoints.revoke_url,
        "api_url": endpoints.api_url,
        "issuer": endpoints.issuer,
        "scopes": provider.oauth.as_ref().map(|oauth| oauth.scopes.to_string()),
        "grant_per": provider.grant_per,
        "question": rotation.map(|rotation| rotation.question),
        "idle_limit_days": rotation.and_then(|rotation| rotation.idle_limit_seconds).map(|seconds| seconds / 86_400),
        "hard_end_days": rotation.and_then(|rotation| rotation.hard_end_seconds).map(|seconds| seconds / 86_400),
    }))
}
