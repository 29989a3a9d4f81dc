//! A browser as far as the platform's pages need one: cookies, the page in front, its forms with their hidden fields.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, header};

use super::app::{Answer, App, encode};

pub(super) struct Browser<'a> {
    app: &'a App,
    cookies: BTreeMap<String, String>,
    page: String,
}

impl<'a> Browser<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, cookies: BTreeMap::new(), page: String::new() }
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let cookies =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.parse().unwrap());
        }
        let answer = self.app.send(request).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{name}");
            assert!(
                rest.contains("HttpOnly") && rest.contains("Secure") && rest.contains("Path=/"),
                "{rest}"
            );
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        self.page.clone_from(&answer.body);
        answer
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// The fields of the first form on the page that leads to `action`, as the page has them.
    pub(super) fn form(&self, action: &str) -> Vec<(String, String)> {
        let start = self
            .page
            .find(&format!("action=\"{action}\""))
            .unwrap_or_else(|| panic!("no form for {action} in {}", self.page));
        let form = &self.page[start..start + self.page[start..].find("</form>").unwrap()];
        let inputs = form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        inputs
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| (attribute(input, "name"), attribute(input, "value")))
            .collect()
    }

    /// Posts the form that leads to `action` with its hidden fields and these.
    pub(super) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let hidden = self.form(action);
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        all.extend_from_slice(fields);
        self.post(action, &all).await
    }

    /// Posts these fields and no others.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(encode(fields))).unwrap()).await
    }

    pub(super) async fn sign_in(&mut self, email: &str) -> Answer {
        self.get("/login").await;
        let answer = self.submit("/login", &[("email", email), ("password", "correct horse")]).await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
        answer
    }
}

/// An authorization request with which its client is sent back to where it came from: not before somebody has signed in, since a link that
/// leads away at once is one for phishing (RFC 9700 section 4.11.2). The redirect.
pub(super) async fn sent_back(app: &App, path: &str) -> Answer {
    let mut browser = Browser::new(app);
    let sign_in = browser.get(path).await;
    assert_eq!(sign_in.status.as_u16(), 200, "{path}");
    assert!(!sign_in.headers.contains_key(header::LOCATION), "{path}");
    let policy = sign_in.headers["content-security-policy"].to_str().unwrap().to_owned();
    let fields = [("email", "anna@example.com"), ("password", "correct horse")];
    let on = browser.submit("/login", &fields).await.location().to_owned();
    let answer = browser.get(&on).await;
    let target = url::Url::parse(answer.location()).unwrap().origin().ascii_serialization();
    assert!(policy.ends_with(&format!("form-action 'self' {target}")), "a browser would stop: {policy}");
    answer
}

fn attribute(tag: &str, name: &str) -> String {
    let start =
        tag.find(&format!("{name}=\"")).unwrap_or_else(|| panic!("{tag} has no {name}")) + name.len() + 2;
    let value = &tag[start..start + tag[start..].find('"').unwrap()];
    value.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", "\"")
}
