//! A browser as far as these pages need one: cookies, the page in front, its forms.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, header};
use url::Url;

use super::app::{Answer, App};

pub(super) struct Browser<'a> {
    app: &'a App,
    cookies: BTreeMap<String, String>,
    pub(super) page: String,
}

impl<'a> Browser<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, cookies: BTreeMap::new(), page: String::new() }
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let answer = self.app.send(request).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            assert!(
                name.starts_with("__Host-mst_connect_")
                    && rest.contains("HttpOnly")
                    && rest.contains("Secure")
            );
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        self.page.clone_from(&answer.body);
        answer
    }

    /// Opens an address of this side, whole or by its path, without following what it leads to.
    pub(super) async fn get(&mut self, address: &str) -> Answer {
        let path = address.strip_prefix(super::app::ORIGIN).unwrap_or(address);
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Opens an address and follows where it leads on this side.
    pub(super) async fn follow(&mut self, address: &str) -> Answer {
        let mut answer = self.get(address).await;
        while answer.status.is_redirection() && answer.location().starts_with('/') {
            let next = answer.location().to_owned();
            answer = self.get(&next).await;
        }
        answer
    }

    /// Posts the only form of the page (beside the one for signing out) with its hidden fields and these.
    pub(super) async fn submit(&mut self, fields: &[(&str, &str)]) -> Answer {
        let forms: Vec<_> =
            self.page.split("<form").skip(1).filter(|form| !form.contains("/logout\"")).collect();
        assert_eq!(forms.len(), 1, "a page that asks something has one form: {}", self.page);
        let form = forms[0].split("</form>").next().unwrap();
        let action = attribute(form, "action");
        let mut all: Vec<(String, String)> = form
            .split("<input ")
            .skip(1)
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| (attribute(input, "name"), attribute(input, "value")))
            .collect();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&action, &all).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Answer {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", oauth::parameters::encode(value)))
            .collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(pairs.join("&"))).unwrap()).await
    }

    /// Where a provider sends the browser back after a person has allowed everything.
    pub(super) fn allowed(sent_to: &str) -> String {
        let url = Url::parse(sent_to).unwrap();
        let sent: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        format!("{}?code=c&state={}", sent["redirect_uri"], sent["state"])
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let start =
        tag.find(&format!("{name}=\"")).unwrap_or_else(|| panic!("{tag} has no {name}")) + name.len() + 2;
    let value = &tag[start..start + tag[start..].find('"').unwrap()];
    value.replace("&#38;", "&").replace("&amp;", "&")
}
