use base::testing::SeededEntropy;
use base::{Scope, Secret};
use http::{HeaderMap, HeaderValue, header};
use oauth::pkce::{Challenge, Verifier};
use oauth::token_text::{TokenCheck, TokenKind, TokenText};
use platform::{cursor_of, id_of};
use uuid::Uuid;

use crate::text;

/// The short texts that requests carry: tokens, verifiers and challenges, scopes, cursors, credentials in headers. A text is read as
/// what it is and nothing near it, and writing what was read gives the same text.
pub fn texts(data: &[u8]) {
    bearer_line(data);
    token_made_of(data);
    let Some(text) = text(data) else { return };
    token(text);
    proof_key(text);
    scope(text);
    cursor(text);
}

struct Refresh;
impl TokenKind for Refresh {
    const PREFIX: &'static str = "mst_rt_";
}

struct Access;
impl TokenKind for Access {
    const PREFIX: &'static str = "mst_at_";
}

/// Each byte changes it, which is all that is wanted of a check here: the keyed one is tried with the whole server.
struct Sum;
impl TokenCheck for Sum {
    fn make(&self, prefix: &'static str, body: &[u8]) -> [u8; 8] {
        let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        prefix.as_bytes().iter().chain(body).fold(0xcbf2_9ce4_8422_2325, step).to_be_bytes()
    }

    fn verify(&self, prefix: &'static str, body: &[u8], check: &[u8; 8]) -> bool {
        self.make(prefix, body) == *check
    }
}

fn token(text: &str) {
    if let Ok(token) = TokenText::<Refresh>::parse(text, &Sum) {
        assert_eq!(token.render(&Sum).expose(), text, "two texts of one token");
    }
    if text.starts_with(Refresh::PREFIX) {
        assert!(TokenText::<Access>::parse(text, &Sum).is_err());
    }
}

/// A good token made of the bytes, then every way of damaging it that they choose.
fn token_made_of(data: &[u8]) {
    let Some((head, rest)) = data.split_first_chunk::<20>() else { return };
    let (row, generation) = head.split_at(16);
    let row = Uuid::from_slice(row).expect("16 bytes");
    let generation = u32::from_be_bytes(generation.try_into().expect("4 bytes"));
    let token = TokenText::<Refresh>::generate(row, generation, &SeededEntropy::new(u64::from(generation)));
    let text = token.render(&Sum).expose().clone();
    let again = TokenText::<Refresh>::parse(&text, &Sum).expect("a token of ours is one");
    assert!(
        again.row == row && again.generation == generation && again.secret.expose() == token.secret.expose()
    );
    assert!(TokenText::<Access>::parse(&text, &Sum).is_err(), "a token of another kind is taken");
    let bad = |text: &str| assert!(TokenText::<Refresh>::parse(text, &Sum).is_err(), "{text} is taken");
    bad(&text[..text.len() - 1]);
    bad(&format!("{text}="));
    bad(&format!(" {text}"));
    if let [at, by, ..] = rest {
        let mut bytes = text.clone().into_bytes();
        let at = usize::from(*at) % bytes.len();
        if bytes[at] != *by {
            bytes[at] = *by;
            bad(&String::from_utf8_lossy(&bytes));
        }
    }
}

fn proof_key(text: &str) {
    if let Ok(challenge) = Challenge::parse(text) {
        assert!(challenge.as_str() == text && text.len() == 43);
        assert!(challenge.to_string().parse::<Challenge>().is_ok_and(|again| again == challenge));
    }
    if let Ok(verifier) = Verifier::parse(Secret::new(text.to_owned())) {
        assert!((43..=128).contains(&text.len()) && text.is_ascii());
        let challenge = verifier.challenge();
        assert!(challenge.is_met_by(&verifier) && Challenge::parse(challenge.as_str()).is_ok());
        let other =
            if text.starts_with('a') { text.replacen('a', "b", 1) } else { format!("a{}", &text[1..]) };
        let other = Verifier::parse(Secret::new(other)).expect("still of the right form");
        assert!(!challenge.is_met_by(&other), "another verifier meets the challenge");
    }
}

fn scope(text: &str) {
    if let Ok(scope) = text.parse::<Scope>() {
        let written = scope.to_string();
        assert_eq!(written.parse::<Scope>().as_ref(), Ok(&scope));
        assert!(written.chars().all(|c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~')));
        assert!(
            scope.iter().all(|token| text.split(' ').any(|asked| asked == token)),
            "wider than asked for"
        );
    }
}

fn cursor(text: &str) {
    if let Some(id) = id_of(text) {
        assert_eq!(cursor_of(&id), text, "two cursors of one row");
    }
    // No id is longer than a UUID; a cursor of more than 256 characters is refused, and so is one with a NUL, which a database cannot hold.
    if (1..=160).contains(&text.len()) {
        assert_eq!(id_of(&cursor_of(text)).as_deref(), (!text.contains('\0')).then_some(text));
    }
}

/// The `Authorization` line of a resource call.
fn bearer_line(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value);
    let Ok(line) = headers[header::AUTHORIZATION].to_str() else { return };
    if let Some(token) = oauth::bearer::read(line) {
        let written = oauth::bearer::header(&token);
        let again = oauth::bearer::read(written.expose()).expect("what is written can be read");
        assert_eq!(again.expose(), token.expose());
        assert!(!token.expose().is_empty() && !token.expose().contains(char::is_whitespace));
        assert!(line.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")));
    }
}
