use http::StatusCode;

use super::super::app::LOVE_BV;
use super::super::browser::Browser;
use super::{PETRA, account, app, signed_in};

/// Every door under `/admin`: those that show, and those that act.
async fn doors(app: &super::App) -> (Vec<String>, Vec<String>) {
    let anna = account(app, "anna@example.com").await;
    let shown = [
        "/admin",
        "/admin/clients",
        "/admin/clients/books",
        "/admin/registration-tokens",
        "/admin/users",
        &format!("/admin/users/{anna}"),
        "/admin/companies",
        &format!("/admin/companies/{LOVE_BV}"),
        "/admin/audit",
    ];
    let acts = [
        "/admin/clients/unreviewed/approve",
        "/admin/clients/unreviewed/decline",
        "/admin/clients/books/suspend",
        "/admin/clients/books/remove",
        "/admin/clients/books/directory",
        "/admin/clients/books/logo",
        "/admin/registration-tokens",
        "/admin/registration-tokens/revoke",
        &format!("/admin/users/{anna}/disable"),
        &format!("/admin/users/{anna}/enable"),
        &format!("/admin/users/{anna}/sign-out"),
        &format!("/admin/users/{anna}/roles"),
        &format!("/admin/users/{anna}/roles/remove"),
        &format!("/admin/companies/{LOVE_BV}/suspend"),
        &format!("/admin/companies/{LOVE_BV}/resume"),
        &format!("/admin/companies/{LOVE_BV}/roles"),
    ];
    (shown.map(ToOwned::to_owned).to_vec(), acts.map(ToOwned::to_owned).to_vec())
}

/// Fields that would be right for every act.
const FIELDS: [(&str, &str); 12] = [
    ("company", LOVE_BV),
    ("email", "emil@example.com"),
    ("role", "admin"),
    ("everywhere", "yes"),
    ("seen", "0"),
    ("reason", "no"),
    ("listed", "yes"),
    ("id", "iat_0198d5c2-0000-7000-8000-000000000001"),
    ("note", "x"),
    ("uses", "1"),
    ("days", "1"),
    ("review", "none"),
];

#[tokio::test]
async fn nobody_gets_in_without_signing_in() {
    let app = app().await;
    let (shown, acts) = doors(&app).await;
    let mut nobody = Browser::new(&app);
    for path in shown {
        let answer = nobody.get(&path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/login?next=%2Fadmin"), "{path}");
    }
    for path in acts {
        assert_eq!(nobody.post(&path, &FIELDS).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn for_others_there_is_nothing_there() {
    let app = app().await;
    let (shown, acts) = doors(&app).await;
    let mut anna = signed_in(&app, "anna@example.com").await;
    let settings = anna.get("/settings/apps").await;
    assert!(!settings.body.contains("/admin"), "it is not among the pages of others");
    let csrf = anna.form("/logout").remove(0).1;
    let mut fields = FIELDS.to_vec();
    fields.push(("csrf", &csrf));
    for path in shown {
        assert_eq!(anna.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in acts {
        assert_eq!(anna.post(&path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(anna.get("/settings/apps").await.status, StatusCode::OK, "nothing was done to her");
}

#[tokio::test]
async fn those_who_administer_the_platform_see_every_page() {
    let app = app().await;
    let (shown, _) = doors(&app).await;
    let mut petra = signed_in(&app, PETRA).await;
    assert!(petra.get("/settings/apps").await.body.contains("href=\"/admin\""));
    for path in shown {
        let answer = petra.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        for secret in ["mst_cs_", "mst_iat_", "plp_", "$argon2id"] {
            assert!(!answer.body.contains(secret), "{path} shows {secret}");
        }
    }
    for path in ["/admin/users/nonsense", "/admin/companies/nonsense", "/admin/clients/nobody", "/admin/x"] {
        assert_eq!(petra.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_act_counts_only_from_a_form_of_this_session() {
    let app = app().await;
    let (_, acts) = doors(&app).await;
    let mut other = signed_in(&app, PETRA).await;
    other.get("/admin").await;
    let foreign = other.form("/logout").remove(0).1;
    let mut petra = signed_in(&app, PETRA).await;
    for path in acts {
        for csrf in [None, Some(""), Some(foreign.as_str())] {
            let mut fields = FIELDS.to_vec();
            fields.extend(csrf.map(|csrf| ("csrf", csrf)));
            let answer = petra.post(&path, &fields).await;
            assert!(
                matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST),
                "{path} with {csrf:?}: {}",
                answer.status
            );
        }
    }
    for email in ["anna@example.com", "emil@example.com"] {
        let page = petra.get(&format!("/admin/users/{}", account(&app, email).await)).await.body;
        assert!(!page.contains("<p>admin<br>") || email.starts_with("anna"), "{email} has another role");
        assert!(page.contains("Love Crème BV"), "{email} has lost a role");
    }
    for (path, unchanged) in [
        ("/admin/clients/unreviewed", "Waiting for review"),
        ("/admin/clients/books", "Approved"),
        ("/admin/users", "Active"),
        ("/admin/companies", "Active"),
    ] {
        let page = petra.get(path).await.body;
        assert!(page.contains(unchanged), "{path}");
        assert!(!page.contains("Suspended</span>") && !page.contains("Disabled</span>"), "{path}");
    }
}
