//! The processes of a trial, and the doors that it goes through.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use base::{Secret, SystemEntropy};
use http::{Request, StatusCode, header};
use oauth::client_authentication::basic_header;
use oauth::pkce::Verifier;
use outbound::{Body, HttpClient, SendError, SendOptions};
use serde_json::Value;
use tempfile::TempDir;
use testkit::databases::PostgresDatabase;
use tokio::process::Command;
use url::Url;
use visitor::{Browser, Door, Form, Person, Places};

use super::{Policy, Shape};
use crate::Ground;
use crate::process::{Server, command, run};
use crate::row::Stage;
use crate::seeds::{COMPANY, EMAIL, PLATFORM_CALLBACK, SECRET, platform_clients};

/// A pair of tokens, as a client holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// What an endpoint answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) json: Value,
}

impl Answer {
    /// The tokens of a success.
    pub(super) fn pair(&self) -> Result<Pair> {
        ensure!(
            self.status == StatusCode::OK,
            "a token request is answered {}: {}",
            self.status,
            self.json["error"]
        );
        let text = |name: &str| self.json[name].as_str().map(str::to_owned).context("a token is missing");
        Ok(Pair { access: text("access_token")?, refresh: text("refresh_token")? })
    }

    /// Whether it is the refusal of a token that is over.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused_for(End::Authorisation)
    }

    /// Whether it is the refusal of a token of which this became.
    pub(super) fn is_refused_for(&self, end: End) -> bool {
        let (status, error) = match end {
            End::Authorisation => (StatusCode::BAD_REQUEST, "invalid_grant"),
            End::ClientRemoved => (StatusCode::UNAUTHORIZED, "invalid_client"),
            End::ClientSuspended => (StatusCode::BAD_REQUEST, "unauthorized_client"),
        };
        self.status == status && self.json["error"] == error
    }
}

/// What became of a token: it is told by the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its authorisation has ended, and its client goes on.
    Authorisation,
    /// Its client is gone.
    ClientRemoved,
    /// Its client is stopped.
    ClientSuspended,
}

/// A client of the seed: its id and its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: String,
}

impl Client {
    pub(super) fn of(policy: Policy) -> Self {
        let id = match policy {
            Policy::Strict => "strict",
            Policy::RetryWindow => "window",
        };
        Self { id, secret: SECRET.to_owned() }
    }
}

/// A process, and where its data are.
struct Instance {
    data: PathBuf,
    log: PathBuf,
    server: Option<Server>,
}

/// A platform side that stands.
pub(crate) struct House {
    ground: Ground,
    instances: Vec<Instance>,
    postgres: Option<PostgresDatabase>,
    slow: bool,
    /// The browser of the person who consents, signed in at the first process.
    browser: Browser,
    directory: TempDir,
}

impl House {
    pub(super) async fn build(ground: &Ground, shape: Shape, slow: bool) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("mainstay-faults-").tempdir()?;
        let root = directory.path();
        let postgres = match shape.database {
            crate::DatabaseKind::Sqlite => None,
            crate::DatabaseKind::Postgres => {
                Some(Ground::postgres().await.map_err(|missing| anyhow!(missing))?)
            }
        };
        let instances = (0..shape.processes)
            .map(|number| Instance {
                data: root.join(format!("platform{number}")),
                log: root.join(format!("platform{number}.log")),
                server: None,
            })
            .collect();
        let browser = Browser::new(ground.http());
        let mut house = Self { ground: ground.clone(), instances, postgres, slow, browser, directory };
        // All see the database while it is empty: a process without memory takes a full one for restored from a backup.
        for number in 0..shape.processes {
            if number > 0 {
                let keys = house.instances[number].data.join("keys");
                std::fs::create_dir_all(&keys)?;
                std::fs::copy(
                    house.instances[0].data.join("keys/platform.keys"),
                    keys.join("platform.keys"),
                )?;
            }
            house.start(number).await?;
        }
        house.seed().await?;
        Ok(house)
    }

    /// Puts everybody in place. A client that was removed meanwhile is there again, with nothing that was granted to it.
    pub(super) async fn seed(&self) -> Result<()> {
        let seed = self.directory.path().join("seed.toml");
        std::fs::write(&seed, platform_clients())?;
        let mut seeding = self.command(0);
        seeding.args(["platform", "seed"]).arg(seed);
        run(seeding).await.map(drop)
    }

    /// A command on an instance's data.
    pub(super) fn command(&self, number: usize) -> Command {
        let mut command = command(&[], self.ground.binary());
        command.arg("--data").arg(&self.instances[number].data);
        if let Some(postgres) = &self.postgres {
            command.args(["--database", &postgres.url()]);
        }
        command
    }

    pub(super) async fn start(&mut self, number: usize) -> Result<()> {
        let mut command = self.command(number);
        command.args(["platform", "serve", "--listen", "127.0.0.1:0"]);
        command.args(["--environment", "staging", "--sandbox"]);
        command.env("MAINSTAY_RATE_LIMITS", "off").env("MAINSTAY_SANDBOX_TOKEN", crate::seeds::SANDBOX_TOKEN);
        if self.slow {
            command.env("MAINSTAY_FAULT_POINT", "slow-store:2");
        }
        let server = Server::start(command, &self.instances[number].log).await?;
        self.instances[number].server = Some(server);
        Ok(())
    }

    /// Kills a process, as a power cut would.
    pub(super) async fn kill(&mut self, number: usize) -> Result<()> {
        self.instances[number].server.take().context("that process does not run")?.kill().await
    }

    pub(super) fn processes(&self) -> usize {
        self.instances.len()
    }

    /// Whether the database lets in one process alone, so that commands go through it.
    pub(super) fn has_one_process(&self) -> bool {
        self.postgres.is_none()
    }

    /// The address of a process that runs.
    pub(super) fn url(&self, number: usize) -> Result<String> {
        let server = self.instances[number].server.as_ref().context("that process does not run")?;
        Ok(server.url.clone())
    }

    /// The way to the doors of a process, which can be used beside this house.
    pub(super) fn door(&self, number: usize) -> Result<Doors> {
        Ok(Doors { http: self.ground.http(), url: self.url(number)? })
    }

    /// Walks the person through sign-in, if need be, and consent; the client's first pair.
    pub(super) async fn authorise(&mut self, client: &Client) -> Result<Pair> {
        let verifier = Verifier::generate(&SystemEntropy);
        let base: Url = self.url(0)?.parse()?;
        let mut url = base.join("/oauth/authorize")?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client.id)
            .append_pair("redirect_uri", PLATFORM_CALLBACK)
            .append_pair("scope", "companies:read")
            .append_pair("state", "a-trial")
            .append_pair("code_challenge", verifier.challenge().as_str())
            .append_pair("code_challenge_method", "S256");
        let sign_in = (EMAIL.to_owned(), SECRET.to_owned());
        let person = Person {
            pleo: sign_in.clone(),
            company: COMPANY.to_owned(),
            accounting: sign_in,
            books: String::new(),
        };
        let places = Places { connect: "http://connect.invalid/".parse()?, platform: base };
        let browser = &mut self.browser;
        let walk = async {
            let page = browser.open(&url).await?;
            let walked = person.go_on(browser, &places, page, Some(Door::PleoConsent)).await?;
            let form = walked.seen.form_with("company")?.with("company", COMPANY).with("decision", "allow");
            browser.submit_once(&form).await?.expect(303)
        };
        let seen = walk.await.map_err(|error| anyhow!("no consent: {error}"))?;
        let location = seen.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location: Url = location.context("consent leads nowhere")?.parse()?;
        let code = location.query_pairs().find(|(name, _)| name == "code").context("consent gave no code")?.1;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", PLATFORM_CALLBACK),
            ("code_verifier", verifier.secret().expose().as_str()),
        ];
        self.door(0)?.post("/oauth/token", client, &fields).await?.pair()
    }

    /// The person takes away what the client has of the company.
    pub(super) fn withdrawing(&mut self, client: &Client) -> Result<impl Future<Output = Result<()>>> {
        let url: Url = format!("{}/settings/apps", self.url(0)?).parse()?;
        let id = client.id;
        Ok(press(&mut self.browser, url, move |form| form.value("client_id") == Some(id)))
    }

    /// The operator does something with the client on its page at the first process.
    pub(super) async fn administer(&mut self, client: &Client, act: &str) -> Result<()> {
        let url: Url = format!("{}/admin/clients/{}", self.url(0)?, client.id).parse()?;
        let action = format!("{}/{act}", url.path());
        press(&mut self.browser, url, |form| form.action.path() == action).await
    }
}

/// Sends the form of a page that this is true of.
async fn press(browser: &mut Browser, url: Url, which: impl Fn(&Form) -> bool) -> Result<()> {
    let page = browser.open(&url).await.map_err(|error| anyhow!("no page: {error}"))?;
    let form = page.forms().into_iter().find(which);
    let form = form.with_context(|| format!("the form is not on {} ({})", page.place(), page.status))?;
    let seen = browser.submit_once(&form).await.map_err(|error| anyhow!("no answer to a form: {error}"))?;
    ensure!(seen.status.is_redirection(), "{} is answered {}", form.action.path(), seen.status);
    Ok(())
}

impl Stage for House {
    async fn close(mut self, name: &str, held: bool) -> Result<()> {
        for instance in &mut self.instances {
            if let Some(server) = instance.server.take() {
                server.finish().await?;
            }
        }
        let bad = |text: &str| text.contains("panicked at");
        let logs = self.instances.iter().map(|instance| &instance.log);
        let panicked = logs.clone().find(|log| std::fs::read_to_string(log).is_ok_and(|text| bad(&text)));
        let result = match panicked {
            Some(log) => Err(anyhow!("a process panicked, see {}", log.display())),
            None => Ok(()),
        };
        if !(held && result.is_ok()) {
            self.ground.keep(name, logs.map(PathBuf::as_path))?;
        }
        // The database goes after those who used it, on a thread that may wait for it.
        if let Some(database) = self.postgres.take() {
            tokio::task::spawn_blocking(move || drop(database)).await?;
        }
        result
    }
}

/// The doors of one process.
#[derive(Clone)]
pub(super) struct Doors {
    http: Arc<dyn HttpClient>,
    url: String,
}

/// A token endpoint on this machine answers long before.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
const LARGEST: usize = 64 * 1024;

impl Doors {
    /// A form by a client, or why there is no answer.
    pub(super) async fn send(
        &self,
        path: &str,
        client: &Client,
        fields: &[(&str, &str)],
    ) -> Result<Answer, SendError> {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", oauth::parameters::encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let basic = basic_header(client.id, &Secret::new(client.secret.clone()));
        let request = Request::post(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, basic.expose())
            .body(Body::from(body));
        self.answer(request).await
    }

    async fn answer(&self, request: http::Result<Request<Body>>) -> Result<Answer, SendError> {
        let request = request.map_err(|_| SendError::BadRequest("it cannot be written"))?;
        let response = self.http.send(request, &SendOptions::within(PATIENCE)).await?;
        let status = response.status();
        let cut = |cause: String| outbound::Unknown::Cut { host: "127.0.0.1".to_owned(), cause };
        let body =
            response.into_body().collect_up_to(LARGEST).await.map_err(|error| cut(error.to_string()))?;
        let json = serde_json::from_slice(&body).map_err(|error| cut(format!("{status}, {error}")))?;
        Ok(Answer { status, json })
    }

    /// The same where an answer is expected.
    pub(super) async fn post(&self, path: &str, client: &Client, fields: &[(&str, &str)]) -> Result<Answer> {
        self.send(path, client, fields).await.map_err(|error| anyhow!("{path}: {error}"))
    }

    pub(super) async fn try_refresh(&self, client: &Client, token: &str) -> Result<Answer, SendError> {
        self.send("/oauth/token", client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(super) async fn refresh(&self, client: &Client, token: &str) -> Result<Answer> {
        self.try_refresh(client, token).await.map_err(|error| anyhow!("refresh: {error}"))
    }

    /// Whether introspection by its client calls the token active.
    pub(super) async fn is_active(&self, client: &Client, token: &str) -> Result<bool> {
        self.is_active_after(End::Authorisation, client, token).await
    }

    /// The same of a token with which it came to this end: a client that is refused itself learns of no token.
    pub(super) async fn is_active_after(&self, end: End, client: &Client, token: &str) -> Result<bool> {
        let answer = self.post("/oauth/token/introspect", client, &[("token", token)]).await?;
        if end != End::Authorisation && answer.is_refused_for(end) {
            return Ok(false);
        }
        answer.json["active"].as_bool().with_context(|| format!("introspection answers {}", answer.status))
    }

    pub(super) async fn revoke(&self, client: &Client, token: &str) -> Result<()> {
        let answer = self.post("/oauth/revoke", client, &[("token", token)]).await?;
        ensure!(answer.status == StatusCode::OK, "a revocation is answered {}", answer.status);
        Ok(())
    }

    /// Whether a resource API takes the access token.
    pub(super) async fn works(&self, access: &str) -> Result<bool> {
        let request = Request::get(format!("{}/v1/introspect", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {access}"))
            .body(Body::empty());
        let answer = self.answer(request).await.map_err(|error| anyhow!("a call: {error}"))?;
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::UNAUTHORIZED => Ok(false),
            other => Err(anyhow!("a call is answered {other}")),
        }
    }
}
