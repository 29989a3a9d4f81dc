//! Libraries that people use, as they come: they know the endpoints and the credentials and nothing else.

use std::convert::Infallible;

use axum::body::Body;
use http_body_util::BodyExt as _;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope,
    StandardRevocableToken, TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use tower::ServiceExt as _;

use super::super::app::{App, LOVE_BV, ORIGIN};
use super::super::browser::Browser;
use super::cases;
use super::world::{BASIC, BOOKS, Client, NATIVE, SPECIAL, app, get, works};

cases! {
    the_crate_oauth2_works_as_it_is: [E 59, E 68, F 83, G 104, G 112, Facts 3301] "The crate `oauth2` goes through consent, exchange, refresh, introspection and revocation, with Basic, body credentials, and as a public client";
    the_crate_openidconnect_works_as_it_is: [E 59, F 83, Facts 3301] "The crate `openidconnect`, used without the `openid` scope, goes through consent, exchange, refresh and revocation";
}

type Bytes = http::Request<Vec<u8>>;

/// Sends what a library made, as it is, into the server.
async fn send(app: &App, request: Bytes) -> Result<http::Response<Vec<u8>>, Infallible> {
    let (parts, body) = request.into_parts();
    let response = app.router.clone().oneshot(http::Request::from_parts(parts, Body::from(body))).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Ok(http::Response::from_parts(parts, body))
}

/// Anna follows the link and allows it; the code, when `state` and `iss` came back right.
async fn consent(app: &App, url: &url::Url, state: &str) -> String {
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let mut browser = Browser::new(app);
    browser.sign_in("anna@example.com").await;
    browser.get(&path).await;
    let answer = browser.submit("/oauth/authorize", &[("company", LOVE_BV), ("decision", "allow")]).await;
    assert_eq!(answer.redirected("state").as_deref(), Some(state));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ORIGIN));
    answer.redirected("code").unwrap()
}

/// An address from the metadata.
async fn endpoint(app: &App, name: &str) -> String {
    let metadata = get(app, "/.well-known/oauth-authorization-server").await.json();
    metadata[format!("{name}_endpoint")].as_str().unwrap().to_owned()
}

async fn walk(app: &App, known: Client, method: AuthType) {
    let mut client = BasicClient::new(ClientId::new(known.id.to_owned()))
        .set_auth_uri(AuthUrl::new(endpoint(app, "authorization").await).unwrap())
        .set_token_uri(TokenUrl::new(endpoint(app, "token").await).unwrap())
        .set_introspection_url(IntrospectionUrl::new(endpoint(app, "introspection").await).unwrap())
        .set_revocation_url(RevocationUrl::new(endpoint(app, "revocation").await).unwrap())
        .set_redirect_uri(RedirectUrl::new(known.redirect_uri.to_owned()).unwrap())
        .set_auth_type(method);
    if let Some(secret) = known.secret {
        client = client.set_client_secret(ClientSecret::new(secret.to_owned()));
    }
    let http = |request: Bytes| send(app, request);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("companies:read".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let code = consent(app, &url, state.secret()).await;
    let first = client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    assert_eq!(first.expires_in(), Some(std::time::Duration::from_mins(15)));
    assert_eq!(first.scopes().unwrap()[0].as_str(), "companies:read");
    let old = first.refresh_token().unwrap().clone();
    let second = client.exchange_refresh_token(&old).request_async(&http).await.unwrap();
    assert!(
        works(app, second.access_token().secret()).await && !works(app, first.access_token().secret()).await
    );
    if known.secret.is_some() {
        let told = client.introspect(second.access_token()).request_async(&http).await.unwrap();
        assert!(told.active() && told.sub() == Some(LOVE_BV) && told.iss() == Some(ORIGIN));
        assert_eq!(told.client_id().map(|id| id.as_str()), Some(known.id));
        assert!(told.exp() > told.iat() && told.aud().is_some() && told.jti().is_some());
        assert_eq!(told.scopes().unwrap().len(), 1);
    }
    let token = StandardRevocableToken::from(second.refresh_token().unwrap());
    client.revoke_token(token).unwrap().request_async(&http).await.unwrap();
    assert!(!works(app, second.access_token().secret()).await);
    let refused = client
        .exchange_refresh_token(&RefreshToken::new(second.refresh_token().unwrap().secret().clone()))
        .request_async(&http)
        .await;
    let Err(RequestTokenError::ServerResponse(answer)) = refused else { panic!("{refused:?}") };
    assert_eq!(answer.error().to_string(), "invalid_grant");
    assert!(answer.error_description().is_some());
}

#[tokio::test]
async fn the_crate_oauth2_works_as_it_is() {
    let app = app().await;
    for client in [BOOKS, BASIC, SPECIAL, NATIVE] {
        walk(&app, client, AuthType::BasicAuth).await;
    }
    for client in [BOOKS, SPECIAL, NATIVE] {
        walk(&app, client, AuthType::RequestBody).await;
    }
}

#[tokio::test]
async fn the_crate_openidconnect_works_as_it_is() {
    use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet, CoreRevocableToken};
    use openidconnect::{
        AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
        OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope, TokenUrl,
    };
    let app = app().await;
    let client = CoreClient::new(
        ClientId::new(BOOKS.id.to_owned()),
        IssuerUrl::new(ORIGIN.to_owned()).unwrap(),
        CoreJsonWebKeySet::new(Vec::new()),
    )
    .set_client_secret(ClientSecret::new(BOOKS.secret.unwrap().to_owned()))
    .set_auth_uri(AuthUrl::new(endpoint(&app, "authorization").await).unwrap())
    .set_token_uri(TokenUrl::new(endpoint(&app, "token").await).unwrap())
    .set_revocation_url(RevocationUrl::new(endpoint(&app, "revocation").await).unwrap())
    .set_redirect_uri(RedirectUrl::new(BOOKS.redirect_uri.to_owned()).unwrap())
    .disable_openid_scope();
    let http = |request: Bytes| send(&app, request);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    // It sends a `nonce` of its own, which is nothing here and is ignored.
    let (url, state, _nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("companies:read".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let code = consent(&app, &url, state.secret()).await;
    let first = client
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    let second =
        client.exchange_refresh_token(first.refresh_token().unwrap()).request_async(&http).await.unwrap();
    assert!(
        works(&app, second.access_token().secret()).await
            && !works(&app, first.access_token().secret()).await
    );
    let token = CoreRevocableToken::from(second.refresh_token().unwrap());
    client.revoke_token(token).unwrap().request_async(&http).await.unwrap();
    assert!(!works(&app, second.access_token().secret()).await);
}
