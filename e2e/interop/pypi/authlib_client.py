"""Authlib, which is given the metadata document and credentials."""

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from person import CALLBACK, CLIENT_ID, CLIENT_SECRET, PLATFORM, check, consent, done, held, refused, works

assert OAuthError
SERVER = AuthorizationServerMetadata(requests.get(get_well_known_url(PLATFORM, external=True)).json())
check(SERVER["issuer"] == PLATFORM, "another issuer")
for member in ("response_types_supported", "grant_types_supported", "code_challenge_methods_supported", "scopes_supported"):
    if member in SERVER:
        getattr(SERVER, f"validate_{member}")()
held("discovery")


def session(method, secret=CLIENT_SECRET):
    return OAuth2Session(
        CLIENT_ID,
        secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="companies:read",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    )


def authorise(client):
    verifier = generate_token(48)
    url, state = client.create_authorization_url(SERVER["authorization_endpoint"], code_verifier=verifier)
    return {"authorization_response": consent(url), "state": state, "code_verifier": verifier}


for method in ("client_secret_basic", "client_secret_post"):
    client = session(method)
    asked = authorise(client)
    first = client.fetch_token(SERVER["token_endpoint"], **asked)
    check(first["token_type"] == "Bearer" and works(first["access_token"]), "the access token does not work")
    held(f"code with PKCE ({method})")

    second = client.refresh_token(SERVER["token_endpoint"], refresh_token=first["refresh_token"])
    check(second["refresh_token"] != first["refresh_token"], "the refresh token was not rotated")
    held("refresh")

    answer = client.introspect_token(SERVER["introspection_endpoint"], token=second["access_token"])
    check(answer.json()["active"] is True and answer.json()["client_id"] == CLIENT_ID, "not introspected")
    held("introspection")

    answer = client.revoke_token(SERVER["revocation_endpoint"], token=second["refresh_token"])
    check(answer.status_code == 200 and not works(second["access_token"]), "revoked and works")
    refused("invalid_grant", lambda: client.refresh_token(SERVER["token_endpoint"], refresh_token=second["refresh_token"]))
    held("revocation")

    refused("invalid_grant", lambda: session(method).fetch_token(SERVER["token_endpoint"], **asked))
    held("a replayed code is refused")

    liar = session(method, "wrong")
    fresh = authorise(liar)
    refused("invalid_client", lambda: liar.fetch_token(SERVER["token_endpoint"], **fresh))
    held("a wrong secret is refused")

done("Authlib (PyPI)")
