//! What stands between the network and the provider, and does to requests what gateways do.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_util::task::TaskTracker;
use turmoil::net::{TcpListener, TcpStream};

use crate::clock::elapsed;
use crate::dice::Dice;
use crate::journal::{Asked, Code, Event, Place};
use crate::plan::{Delivery, EpisodeKind};
use crate::scene::{self, Scene};
use crate::token;
use crate::wire::{WireAnswer, WireRequest};

/// The port that it listens on.
pub(crate) const PORT: u16 = 443;

/// The provider's host. All of its state is in the scene, so that a host that went down comes up as it was.
pub(crate) async fn serve(scene: Arc<Scene>) -> turmoil::Result {
    let listener = TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, PORT)).await?;
    let tracker = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let scene = scene.clone();
        tracker.spawn(async move { attend(scene, stream).await });
    }
}

async fn attend(scene: Arc<Scene>, mut stream: TcpStream) {
    // A client that went away before its request was whole has asked for nothing.
    let Ok(request) = WireRequest::read(&mut stream).await else { return };
    let Some(asked) = scene.asked(&request.path, &request.authorization, &request.body) else {
        answer(&mut stream, &json(404, "{}")).await;
        return;
    };
    let given = match asked {
        Asked::Refresh { grant, refresh } => deliver(&scene, &request, asked, grant, refresh).await,
        Asked::RefreshQuestion { .. } | Asked::AccessQuestion { .. } => question(&scene, &request, asked),
        Asked::Call { grant, pair } => Some(call(&scene, &request, grant, pair)),
    };
    if let Some(given) = given {
        answer(&mut stream, &given).await;
    }
}

/// Answers, if the client is still there.
async fn answer(stream: &mut TcpStream, answer: &WireAnswer) {
    if answer.write(stream).await.is_ok() {
        // The client closes: closing here first would throw away what it has not read yet.
        let _ = tokio::time::timeout(Duration::from_secs(30), WireRequest::read(stream)).await;
    }
}

async fn deliver(
    scene: &Scene,
    request: &WireRequest,
    asked: Asked,
    grant: usize,
    refresh: usize,
) -> Option<WireAnswer> {
    if !knows_client(scene, request) {
        return Some(refusal(401, Code::InvalidClient));
    }
    let delivery = scene.with_dice(Place::Provider, |dice| draw(scene, dice));
    scene.note(Place::Provider, Event::Arrived(request.id, delivery));
    let process = || process(scene, request.id, asked, grant, refresh);
    match delivery {
        Delivery::Plain => Some(process()),
        Delivery::CutBefore => None,
        Delivery::CutAfter => {
            process();
            None
        }
        Delivery::StatusBefore(status) => Some(json(status, "{}")),
        Delivery::StatusAfter(status) => {
            process();
            Some(json(status, "{}"))
        }
        Delivery::PageBefore(status) => Some(page(status)),
        Delivery::PageAfter(status) => {
            process();
            Some(page(status))
        }
        Delivery::RefusalInside500 => Some(refusal(500, Code::InvalidGrant)),
        Delivery::TooMany => {
            let retry_after = scene.with_dice(Place::Provider, |dice| dice.below(10));
            Some(WireAnswer { retry_after: Some(retry_after), ..json(429, "{}") })
        }
        Delivery::ClientRefused => Some(refusal(401, Code::InvalidClient)),
        Delivery::Misconfigured => Some(refusal(400, Code::InvalidRequest)),
        Delivery::Truncated => Some(WireAnswer { is_cut: true, ..process() }),
        Delivery::Twice { first_answers } => {
            let first = process();
            let gap = scene.with_dice(Place::Provider, |dice| dice.millis(0, 2000));
            tokio::time::sleep(gap).await;
            let second = process();
            Some(if first_answers { first } else { second })
        }
        Delivery::SlowBefore(most) => {
            let wait = scene.with_dice(Place::Provider, |dice| dice.seconds(0, most));
            tokio::time::sleep(wait).await;
            Some(process())
        }
        Delivery::SlowAfter(most) => {
            let given = process();
            let wait = scene.with_dice(Place::Provider, |dice| dice.seconds(0, most));
            tokio::time::sleep(wait).await;
            Some(given)
        }
        Delivery::Silence => {
            tokio::time::sleep(Duration::from_mins(3)).await;
            None
        }
    }
}

fn draw(scene: &Scene, dice: &mut Dice) -> Delivery {
    for episode in scene.plan.weather(elapsed()) {
        if let EpisodeKind::Provider { per_mille, deliveries } = episode
            && dice.chance(*per_mille)
        {
            return dice.pick(deliveries);
        }
    }
    Delivery::Plain
}

/// Whether the client's secret is one that the provider knows.
fn knows_client(scene: &Scene, request: &WireRequest) -> bool {
    let known = |secret: &str| {
        let pair = STANDARD.encode(format!("{}:{secret}", scene::CLIENT_ID));
        request.authorization == format!("Basic {pair}")
            || request.body.contains(&format!("client_secret={secret}"))
    };
    known(scene::SECRET) || (!scene.plan.newest_secret_refused && known(scene::NEWEST_SECRET))
}

fn process(scene: &Scene, id: usize, asked: Asked, grant: usize, refresh: usize) -> WireAnswer {
    let processed = scene.provider().refresh(grant, refresh, id, elapsed());
    scene.note(Place::Provider, Event::Processed(id, asked, processed.map(|issued| issued.pair)));
    match processed {
        Ok(issued) => {
            let body = format!(
                r#"{{"access_token":"{}","refresh_token":"{}","expires_in":{},"token_type":"Bearer"}}"#,
                token::access_token(grant, issued.pair),
                token::refresh_token(grant, issued.refresh),
                issued.expires_in.as_secs()
            );
            WireAnswer { issued: Some(issued.pair), ..json(200, &body) }
        }
        Err(code) => refusal(400, code),
    }
}

fn question(scene: &Scene, request: &WireRequest, asked: Asked) -> Option<WireAnswer> {
    if !knows_client(scene, request) {
        return Some(refusal(401, Code::InvalidClient));
    }
    let trouble = scene.plan.weather(elapsed()).find_map(|episode| match episode {
        EpisodeKind::Questions { per_mille } => Some(*per_mille),
        _ => None,
    });
    let spoilt = scene.with_dice(Place::Provider, |dice| {
        trouble.is_some_and(|per_mille| dice.chance(per_mille)).then(|| dice.below(5))
    });
    match spoilt {
        Some(0) => return None,
        Some(1) => return Some(json(500, "{}")),
        Some(2) => return Some(json(429, "{}")),
        Some(3) => return Some(page(502)),
        Some(_) => return Some(page(200)),
        None => {}
    }
    let now = elapsed();
    let is_alive = match asked {
        Asked::RefreshQuestion { grant, refresh } => scene.provider().death(grant, refresh, now).is_none(),
        Asked::AccessQuestion { grant, pair } => scene.provider().accepts(grant, pair, now),
        Asked::Refresh { .. } | Asked::Call { .. } => false,
    };
    scene.note(Place::Provider, Event::Told(request.id, asked, is_alive));
    Some(json(200, &format!(r#"{{"active":{is_alive}}}"#)))
}

fn call(scene: &Scene, request: &WireRequest, grant: usize, pair: usize) -> WireAnswer {
    let refuses = scene.plan.weather(elapsed()).find_map(|episode| match episode {
        EpisodeKind::OwnRefusals { per_mille } => Some(*per_mille),
        _ => None,
    });
    let refuses =
        refuses.is_some_and(|per_mille| scene.with_dice(Place::Provider, |dice| dice.chance(per_mille)));
    let is_good = scene.provider().accepts(grant, pair, elapsed()) && !refuses;
    scene.note(Place::Provider, Event::Called(request.id, is_good));
    json(if is_good { 200 } else { 401 }, "{}")
}

fn json(status: u16, body: &str) -> WireAnswer {
    let content_type = "application/json".to_owned();
    WireAnswer { status, content_type, body: body.to_owned(), ..WireAnswer::default() }
}

fn page(status: u16) -> WireAnswer {
    let content_type = "text/html".to_owned();
    let body = "<html><title>One moment, please</title></html>".to_owned();
    WireAnswer { status, content_type, body, ..WireAnswer::default() }
}

fn refusal(status: u16, code: Code) -> WireAnswer {
    json(status, &format!(r#"{{"error":"{}"}}"#, code.text()))
}
