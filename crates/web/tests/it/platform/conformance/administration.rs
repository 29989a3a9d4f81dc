use super::super::admin::{PETRA, SEED, signed_in};
use super::super::app::{App, ORIGIN, Wanted};
use super::cases;
use super::world::CLIENTS;

cases! {
    the_policy_is_told_as_it_is: [F 103] "The pages of those who administer the platform tell each client's rotation policy as it is; it is never off";
}

#[tokio::test]
async fn the_policy_is_told_as_it_is() {
    let seed = format!("{CLIENTS}\n{SEED}");
    let app = App::with(Wanted { origin: ORIGIN, seed: &seed, rate_limits: true }).await;
    let mut petra = signed_in(&app, PETRA).await;
    let list = petra.get("/admin/clients").await.body;
    assert!(list.contains("<td data-label=\"Rotation\">strict</td>"), "{list}");
    assert!(list.contains("<td data-label=\"Rotation\">retry window of 30 s</td>"));
    assert!(!list.contains("none in effect"));
    let books = petra.get("/admin/clients/books").await.body;
    assert!(
        books.contains(
            "Strict: every refresh gives a new refresh token, and the one before it is dead at once."
        )
    );
    assert!(books.contains("A dead one that is presented ends the whole authorisation."));
    let window = petra.get("/admin/clients/window").await.body;
    assert!(window.contains("With a retry window of 30 s") && !window.contains("Strict:"));
    let short = petra.get("/admin/clients/short").await.body;
    assert!(
        short.contains("10 minutes after its last use, and 1 hour after the consent in any case"),
        "{short}"
    );
}
