//! The connect side's catalogue against the stand-ins, which know nothing of it: a wrong entry on either side fails here.

use std::collections::BTreeMap;

use base::Secret;
use http::StatusCode;
use oauth::pkce;
use providers::{
    Catalogue, ClientAuthentication, CompanyList, CompanySearch, FoundCompany, OAuthRules, Overrides,
    Placement, Provider, fill,
};
use sandbox::StandinKind;
use serde_json::Value;
use url::Url;

use super::world::{Answer, REDIRECT, World, by_body, form};

fn provider(kind: StandinKind) -> Provider {
    Catalogue::built_in().get(&kind.id().parse().unwrap()).unwrap().clone()
}

/// The path and query of an address on the stand-ins' server.
fn local(url: &Url) -> String {
    assert_eq!(url.origin().ascii_serialization(), "http://127.0.0.1:4001");
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

struct Walk<'a> {
    world: &'a World,
    kind: StandinKind,
    provider: Provider,
    endpoints: providers::Endpoints,
}

impl<'a> Walk<'a> {
    fn new(world: &'a World, kind: StandinKind) -> Self {
        let provider = provider(kind);
        let base_url = Some(format!("http://127.0.0.1:4001/{kind}").parse().unwrap());
        let endpoints = provider.endpoints(&Overrides { base_url, ..Overrides::default() }).unwrap();
        Self { world, kind, provider, endpoints }
    }

    async fn get(&self, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
        self.world.api("GET", &local(&self.endpoints.api(path).unwrap()), token, headers, None).await
    }

    async fn json(&self, path: &str, token: &str) -> Value {
        let answer = self.get(path, token, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{} {path}: {}", self.kind, answer.text);
        answer.json()
    }

    /// Sign-in and exchange by the catalogue's rules.
    async fn sign_in(&self, rules: &OAuthRules) -> (Value, BTreeMap<String, String>) {
        let mut url = self.endpoints.authorize_url.clone().unwrap();
        let verifier = "v".repeat(43);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", "app")
                .append_pair("redirect_uri", REDIRECT);
            query.append_pair("state", "state");
            if !rules.scopes.is_empty() {
                query.append_pair("scope", &rules.scopes.to_string());
            }
            for (name, value) in &rules.extra_authorize_parameters {
                query.append_pair(name, value);
            }
            if rules.pkce {
                let challenge = pkce::Verifier::parse(Secret::new(verifier.clone())).unwrap().challenge();
                query
                    .append_pair("code_challenge", challenge.as_str())
                    .append_pair("code_challenge_method", "S256");
            }
        }
        let path = local(&url);
        let (path, query) = path.split_once('?').unwrap();
        let paths = sandbox::System::of(self.kind).authorize_paths;
        assert!(paths.iter().any(|known| format!("/{}{known}", self.kind) == path), "{path}");
        let picks = sandbox::System::of(self.kind).reach == sandbox::Reach::One;
        let redirect =
            self.world.consent(self.kind, query, "anna@example.com", picks.then_some("102"), "allow").await;
        assert_eq!(
            rules.client_authentication == ClientAuthentication::Body,
            by_body(self.kind),
            "{}",
            self.kind
        );
        assert_eq!(
            local(self.endpoints.token_url.as_ref().unwrap()),
            format!("/{}{}", self.kind, sandbox::System::of(self.kind).token_path.unwrap())
        );
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", redirect["code"].as_str()),
            ("redirect_uri", REDIRECT),
        ];
        if rules.pkce {
            fields.push(("code_verifier", verifier.as_str()));
        }
        let answer = self.world.token(self.kind, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}: {}", self.kind, answer.text);
        (answer.json(), redirect)
    }

    async fn list(&self, list: &CompanyList, token: &str) -> Vec<FoundCompany> {
        let outer = match &list.within {
            Some(within) => within.read(&self.json(&within.path, token).await).unwrap(),
            None => vec![BTreeMap::new()],
        };
        let mut found = Vec::new();
        for outer in outer {
            let answer = self.json(&list.path_with(&outer).unwrap(), token).await;
            found.extend(list.read_list(&answer, &outer).unwrap());
        }
        found
    }

    async fn find(&self, token: &str, redirect: &BTreeMap<String, String>) -> FoundCompany {
        let mut company = match &self.provider.company.found_by {
            CompanySearch::RedirectParameter(name) => FoundCompany::from_id(&redirect[name]),
            CompanySearch::Single(single) => {
                single.read_single(&self.json(&single.path, token).await, &BTreeMap::new()).unwrap()
            }
            CompanySearch::List(list) => {
                let found = self.list(list, token).await;
                assert_eq!(found.len(), 2, "{}", self.kind);
                found.into_iter().find(|company| company.name.as_deref() == Some("Beta AB")).unwrap()
            }
        };
        if let Some(details) = &self.provider.company.details {
            let path = fill(&details.path, &company.variables).unwrap();
            details.read_into(&self.json(&path, token).await, &mut company);
        }
        company
    }
}

#[tokio::test]
async fn every_provider_with_oauth_is_walked_by_its_catalogue_entry() {
    let world = World::new().await;
    for kind in StandinKind::ALL {
        let walk = Walk::new(&world, kind);
        let Some(rules) = walk.provider.oauth.clone() else {
            assert_eq!(kind, StandinKind::EConomic);
            continue;
        };
        let (tokens, redirect) = walk.sign_in(&rules).await;
        let token = tokens["access_token"].as_str().unwrap();
        let rotation = walk.provider.rotation.as_ref().unwrap();
        assert_eq!(tokens["expires_in"], rotation.access_token_seconds, "{kind}");
        assert!(
            tokens["refresh_token"].is_string(),
            "{kind}: the scopes of the catalogue give a refresh token"
        );
        let company = walk.find(token, &redirect).await;
        assert_eq!(company.name.as_deref(), Some("Beta AB"), "{kind}");
        assert!(company.id.ends_with("102"), "{kind}: {}", company.id);
        let probe = walk.get(&fill(&walk.provider.probe, &company.variables).unwrap(), token, &[]).await;
        assert_eq!(probe.status, StatusCode::OK, "{kind}: {}", probe.text);
        // Where the company is placed, the books of that company answer.
        let books = match kind {
            StandinKind::Xero => "/api.xro/2.0/ManualJournals",
            StandinKind::QuickBooks => "/journalentry",
            StandinKind::ExactOnline => "/generaljournalentry/GeneralJournalEntries",
            StandinKind::BusinessCentral | StandinKind::Sage => "/journals",
            StandinKind::Fortnox | StandinKind::Visma => "/vouchers",
            StandinKind::EConomic => unreachable!("it has no OAuth"),
        };
        let id = company.variables["id"].clone();
        let (path, headers) = match &walk.provider.company.placed_in {
            Placement::Header(name) => (books.to_owned(), vec![(name.as_str(), id.as_str())]),
            Placement::PathPrefix(template) => {
                (format!("{}{books}", fill(template, &company.variables).unwrap()), Vec::new())
            }
            Placement::Query(name) => (format!("{books}?{}", form(&[(name, &id)])), Vec::new()),
            Placement::Implied => (books.to_owned(), Vec::new()),
        };
        let answer = walk.get(&path, token, &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind} {path}: {}", answer.text);
    }
}
