"""requests-oauthlib, which is told the endpoints."""

from oauthlib.oauth2 import WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from person import CALLBACK, CLIENT_ID, CLIENT_SECRET, PLATFORM, check, consent, done, held, refused, works

TOKEN = f"{PLATFORM}/oauth/token"


def session():
    return OAuth2Session(CLIENT_ID, redirect_uri=CALLBACK, scope=["companies:read"], pkce="S256")


def authorise(client):
    url, _state = client.authorization_url(f"{PLATFORM}/oauth/authorize")
    return consent(url)


for how in ("header", "body"):
    # By itself it sends HTTP Basic; the body is asked for.
    own = {"client_secret": CLIENT_SECRET} if how == "header" else {"client_secret": CLIENT_SECRET, "include_client_id": True}
    client = session()
    location = authorise(client)
    first = client.fetch_token(TOKEN, authorization_response=location, **own)
    check(works(first["access_token"]) and first["scope"] == ["companies:read"], "the access token does not work")
    check(client.get(f"{PLATFORM}/v1/introspect").status_code == 200, "the session cannot call")
    held(f"code with PKCE ({how})")

    basic = HTTPBasicAuth(CLIENT_ID, CLIENT_SECRET)
    asked = {"auth": basic} if how == "header" else {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    second = client.refresh_token(TOKEN, refresh_token=first["refresh_token"], **asked)
    check(second["refresh_token"] != first["refresh_token"], "the refresh token was not rotated")
    held("refresh")

    told = client.post(f"{PLATFORM}/oauth/token/introspect", data={"token": second["access_token"]}, auth=basic, withhold_token=True)
    check(told.json()["active"] is True, "not introspected")
    held("introspection")

    url, headers, body = WebApplicationClient(CLIENT_ID).prepare_token_revocation_request(
        f"{PLATFORM}/oauth/revoke".replace("http://", "https://"), second["refresh_token"], token_type_hint="refresh_token"
    )
    answer = client.post(url.replace("https://", "http://"), data=body, headers=headers, auth=basic, withhold_token=True)
    check(answer.status_code == 200 and not works(second["access_token"]), "revoked and works")
    refused("invalid_grant", lambda: client.refresh_token(TOKEN, refresh_token=second["refresh_token"], **asked))
    held("revocation")

    again = session()
    location = authorise(again)
    once = again.fetch_token(TOKEN, authorization_response=location, **own)
    refused("invalid_grant", lambda: again.fetch_token(TOKEN, authorization_response=location, **own))
    check(not works(once["access_token"]), "a code was used twice and its tokens work")
    held("a replayed code is refused")

    liar = session()
    location = authorise(liar)
    refused("invalid_client", lambda: liar.fetch_token(TOKEN, authorization_response=location, **{**own, "client_secret": "wrong"}))
    held("a wrong secret is refused")

done("requests-oauthlib (PyPI)")
