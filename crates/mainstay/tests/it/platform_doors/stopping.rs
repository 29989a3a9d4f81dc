//! A client that is removed or suspended while its tokens are being refreshed, in a real process.

use std::sync::mpsc;
use std::thread;

use serde_json::json;

use super::site::{Answer, CALLBACK, FORM, Site, Tokens, basic_of, encode, hidden};

/// How often each is tried. A refresh takes some milliseconds and the next one follows without a pause, so that what stops the client
/// meets one at another step each time.
const ROUNDS: usize = 12;

/// A client that needs no review, with one authorisation.
struct Refresher {
    id: String,
    basic: String,
    /// What it is managed with.
    management: String,
    /// Every pair that was acknowledged, newest last.
    pairs: Vec<Tokens>,
}

impl Refresher {
    fn new(site: &mut Site, initial: &str) -> Self {
        let body =
            json!({ "client_name": "Stopped", "redirect_uris": [CALLBACK], "scope": "companies:read" });
        let authorization = format!("Bearer {initial}");
        let lines = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let made = site.send("POST", "/oauth/register", &lines, body.to_string().as_bytes());
        assert_eq!(made.status, 201, "{}", made.body);
        let made = made.json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let (id, basic) = (text("client_id"), basic_of(&text("client_id"), &text("client_secret")));
        let code = site.code_for(&id, "companies:read");
        let first = Tokens::of(&site.exchange_as(&basic, &code));
        let management = format!("Bearer {}", text("registration_access_token"));
        Self { id, basic, management, pairs: vec![first] }
    }

    fn form(&self, site: &Site, path: &str, fields: &[(&str, &str)]) -> Answer {
        let lines = [("content-type", FORM), ("authorization", self.basic.as_str())];
        site.send("POST", path, &lines, encode(fields).as_bytes())
    }

    fn refresh(&self, site: &Site, token: &str) -> Answer {
        self.form(site, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn newest(&self) -> &Tokens {
        self.pairs.last().expect("there is the first one")
    }

    /// Refreshes without a pause until that is refused. `stop` is called meanwhile, after so many successes.
    fn race(&mut self, site: &Site, after: usize, stop: impl FnOnce()) {
        let (tell, hear) = mpsc::channel();
        let this = &*self;
        let made = thread::scope(|scope| {
            let refreshing = scope.spawn(move || {
                let mut made: Vec<Tokens> = Vec::new();
                loop {
                    let answer = this.refresh(site, &made.last().unwrap_or(this.newest()).refresh);
                    if answer.status != 200 {
                        return made;
                    }
                    made.push(Tokens::of(&answer));
                    // Once it is stopped, nobody listens any more.
                    let _heard = tell.send(());
                }
            });
            for _ in 0..after {
                hear.recv().expect("refreshes go on until it is stopped");
            }
            stop();
            refreshing.join().expect("refreshes end when they are refused")
        });
        self.pairs.extend(made);
    }

    /// Nothing that was ever acknowledged is taken, by a resource or at introspection.
    fn nothing_works(&self, site: &Site, error: &str) {
        for (number, pair) in self.pairs.iter().enumerate() {
            let bearer = format!("Bearer {}", pair.access);
            let resource = site.send("GET", "/v1/introspect", &[("authorization", &bearer)], b"");
            assert_eq!(resource.status, 401, "access token {number} works: {}", resource.body);
            let refreshed = self.refresh(site, &pair.refresh);
            assert_eq!(refreshed.json()["error"], error, "refresh token {number}");
        }
    }
}

pub(crate) fn nothing_of_a_client_outlives_its_removal_while_it_refreshes() {
    let mut site = Site::start();
    let initial = site.initial_access_token(ROUNDS, &["--pre-approved"]);
    let mut refreshed = 0;
    for round in 0..ROUNDS {
        let mut client = Refresher::new(&mut site, &initial);
        let (id, management) = (client.id.clone(), client.management.clone());
        client.race(&site, 1 + round % 4, || {
            let removed =
                site.send("DELETE", &format!("/oauth/register/{id}"), &[("authorization", &management)], b"");
            assert_eq!(removed.status, 204, "{}", removed.body);
        });
        refreshed += client.pairs.len() - 1;
        client.nothing_works(&site, "invalid_client");
        // Not merely hidden behind a client that is gone: each authorisation has ended, and its hashes with it.
        assert_eq!(site.live_authorisations(&client.id), 0, "round {round}");
    }
    assert!(refreshed >= ROUNDS, "nothing was refreshed meanwhile");
    site.close();
}

pub(crate) fn a_client_suspended_while_it_refreshes_goes_on_with_its_last_pair() {
    let mut site = Site::start();
    let initial = site.initial_access_token(ROUNDS, &["--pre-approved"]);
    for round in 0..ROUNDS {
        let mut client = Refresher::new(&mut site, &initial);
        let path = format!("/admin/clients/{}", client.id);
        let page = site.page(&path);
        let csrf = hidden(&page, "csrf");
        let act = |site: &Site, act: &str, seen: &str| {
            let (cookie, fields) = (site.cookie(), [("csrf", csrf.as_str()), ("seen", seen)]);
            let lines = [("cookie", cookie.as_str()), ("content-type", FORM)];
            let answer = site.send("POST", &format!("{path}/{act}"), &lines, encode(&fields).as_bytes());
            assert_eq!(answer.status, 303, "{act}: {}", answer.body);
        };
        client.race(&site, 1 + round % 4, || act(&site, "suspend", ""));
        // Not a replay, whichever token it is: what is refused for the client's sake ends nothing.
        client.nothing_works(&site, "unauthorized_client");
        assert_eq!(site.live_authorisations(&client.id), 1, "round {round}");
        let seen = hidden(&site.page(&path), "seen");
        act(&site, "approve", &seen);
        let answer = client.refresh(&site, &client.newest().refresh);
        assert_eq!(answer.status, 200, "round {round}: the last pair is lost: {}", answer.body);
        let bearer = format!("Bearer {}", Tokens::of(&answer).access);
        assert_eq!(site.send("GET", "/v1/introspect", &[("authorization", &bearer)], b"").status, 200);
        // And it is one branch: an earlier token is a replay.
        assert_eq!(client.refresh(&site, &client.pairs[0].refresh).json()["error"], "invalid_grant");
        assert_eq!(site.live_authorisations(&client.id), 0, "round {round}");
    }
    site.close();
}
