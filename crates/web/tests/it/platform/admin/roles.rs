use http::StatusCode;

use super::super::app::{App, LOVE_BV, LOVE_GMBH, OTHER};
use super::{PETRA, account, app, done, signed_in};

/// The companies that a person is offered at consent; none if they may decide nowhere.
async fn choices(app: &App, email: &str) -> Vec<&'static str> {
    let (request, _) = app.authorization("books", "companies:read");
    let page = signed_in(app, email).await.get(&request).await.body;
    [LOVE_BV, LOVE_GMBH, OTHER].into_iter().filter(|id| page.contains(&format!("value=\"{id}\""))).collect()
}

async fn path(app: &App, email: &str) -> String {
    format!("/admin/users/{}", account(app, email).await)
}

#[tokio::test]
async fn a_role_that_is_taken_away_counts_at_once_also_for_the_form_on_the_screen() {
    let app = app().await;
    let given_before = app.connect("ben@example.com", LOVE_BV, "companies:read").await;
    let (request, _) = app.authorization("books", "companies:read");
    let mut ben = signed_in(&app, "ben@example.com").await;
    ben.get(&request).await;
    let mut petra = signed_in(&app, PETRA).await;
    let ben_path = path(&app, "ben@example.com").await;
    let page = petra.get(&ben_path).await.body;
    assert!(
        page.contains("Take away…") && page.contains("can decide nothing in Love Crème BV"),
        "it asks first"
    );

    let remove = format!("{ben_path}/roles/remove");
    let page = done(&mut petra, &ben_path, &remove, &[("company", LOVE_BV)]).await;
    assert!(page.contains("The role is taken away") && !page.contains("Love Crème BV</a></h3>"));
    let allow = [("company", LOVE_BV), ("decision", "allow")];
    let refused = ben.submit("/oauth/authorize", &allow).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    assert!(choices(&app, "ben@example.com").await.is_empty());
    let keys = ben.get("/settings/api-keys").await.body;
    assert!(keys.contains("You have none such"), "no keys either");
    let works = app.call("GET", "/v1/introspect", &given_before.access, None).await.status;
    assert_eq!(works, StatusCode::OK, "what the company was given stays the company's");

    let csrf = petra.form("/logout").remove(0).1;
    let again = [("csrf", csrf.as_str()), ("company", LOVE_BV)];
    assert_eq!(petra.post(&remove, &again).await.status, StatusCode::NOT_FOUND, "there is none any more");
    let audit = petra.get("/admin/audit?subject=ben@example.com&kind=role.removed").await.body;
    assert_eq!(audit.matches("<td data-label=\"When\">").count(), 1);
    assert!(audit.contains("company: Love Crème BV") && audit.contains(PETRA));
}

#[tokio::test]
async fn roles_are_changed_in_one_company_or_in_the_whole_organisation() {
    let app = app().await;
    assert_eq!(choices(&app, "ben@example.com").await, [LOVE_BV]);
    let mut petra = signed_in(&app, PETRA).await;
    let ben = path(&app, "ben@example.com").await;
    let roles = format!("{ben}/roles");
    let page = done(&mut petra, &ben, &roles, &[("company", LOVE_GMBH), ("role", "admin")]).await;
    assert!(page.contains("They have this role from now on"));
    assert_eq!(choices(&app, "ben@example.com").await, [LOVE_BV, LOVE_GMBH]);
    done(&mut petra, &ben, &roles, &[("company", LOVE_BV), ("role", "employee")]).await;
    assert_eq!(choices(&app, "ben@example.com").await, [LOVE_GMBH], "an employee gives nothing away");
    let everywhere = [("company", LOVE_BV), ("role", "bookkeeper"), ("everywhere", "yes")];
    done(&mut petra, &ben, &roles, &everywhere).await;
    assert_eq!(choices(&app, "ben@example.com").await, [LOVE_BV, LOVE_GMBH]);
    let audit = petra.get("/admin/audit?subject=ben@example.com&kind=role.given").await.body;
    assert_eq!(audit.matches("<td data-label=\"When\">").count(), 6, "two of the seed, and four");

    let remove = format!("{ben}/roles/remove");
    done(&mut petra, &ben, &remove, &[("company", LOVE_BV), ("everywhere", "yes")]).await;
    assert!(choices(&app, "ben@example.com").await.is_empty());
    assert!(petra.get(&ben).await.body.contains("they have no place in any company"));
    // The same role once more is no act.
    let anna = path(&app, "anna@example.com").await;
    done(&mut petra, &anna, &format!("{anna}/roles"), &[("company", LOVE_BV), ("role", "admin")]).await;
    let audit = petra.get("/admin/audit?subject=anna@example.com&kind=role.given").await.body;
    assert_eq!(audit.matches("<td data-label=\"When\">").count(), 2, "those of the seed");
}

#[tokio::test]
async fn somebody_is_added_on_the_page_of_a_company() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    let company = format!("/admin/companies/{OTHER}");
    let roles = format!("{company}/roles");
    let fields = [("email", "EMIL@example.com"), ("role", "bookkeeper")];
    let page = done(&mut petra, &company, &roles, &fields).await;
    assert!(page.contains("emil@example.com</td>") && page.contains("bookkeeper</td>"), "{page}");
    assert_eq!(choices(&app, "emil@example.com").await, [OTHER]);
    for (email, role, field) in
        [("nobody@example.com", "admin", "email"), ("emil@example.com", "king", "role"), ("", "", "email")]
    {
        petra.get(&company).await;
        let answer = petra.submit(&roles, &[("email", email), ("role", role)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email} {role}");
        assert!(answer.body.contains(&format!("href=\"#field-{field}\"")), "{}", answer.body);
        assert!(answer.body.contains(&format!("value=\"{email}\"")), "what was typed stays");
    }
    let emil = path(&app, "emil@example.com").await;
    for company in ["", "x", "0198d5c2-0000-7000-8000-00000000ffff"] {
        petra.get(&emil).await;
        let csrf = petra.form("/logout").remove(0).1;
        let fields = [("csrf", csrf.as_str()), ("company", company), ("role", "admin")];
        let answer = petra.post(&format!("{emil}/roles"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{company}");
        assert!(answer.body.contains("id=\"wrong-company\""), "{}", answer.body);
    }
    assert_eq!(choices(&app, "emil@example.com").await, [OTHER]);
}
