use super::super::app::{BOOKS, LOVE_BV, LOVE_GMBH};
use super::{PETRA, app, signed_in};

#[tokio::test]
async fn records_are_filtered_by_kind_client_company_and_person() {
    let app = app().await;
    app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    app.connect("anna@example.com", LOVE_GMBH, "companies:read").await;
    let mut petra = signed_in(&app, PETRA).await;
    let mut count = async |query: &str| {
        let page = petra.get(&format!("/admin/audit{query}")).await.body;
        page.matches("<td data-label=\"When\">").count()
    };
    let all = count("").await;
    let granted = count("?kind=authorisation.granted").await;
    assert_eq!(granted, 2);
    assert_eq!(count(&format!("?kind=authorisation.granted&company={LOVE_BV}")).await, 1);
    assert_eq!(count(&format!("?kind=authorisation.granted&subject={LOVE_GMBH}")).await, 1);
    assert_eq!(count("?kind=authorisation.granted&client=books").await, 2);
    assert_eq!(count("?kind=authorisation.granted&client=people").await, 0);
    assert_eq!(count("?kind=no.such").await, 0);
    assert!(all > granted);
}

#[tokio::test]
async fn long_logs_are_paged_and_names_stand_for_ids() {
    let app = app().await;
    let company = LOVE_BV.parse().unwrap();
    for _ in 0..30 {
        app.platform.suspend_company(&platform::By::command_line(), company).await.unwrap();
        app.platform.resume_company(&platform::By::command_line(), company).await.unwrap();
    }
    let mut petra = signed_in(&app, PETRA).await;
    let mut path = format!("/admin/audit?company={LOVE_BV}");
    let mut rows = Vec::new();
    loop {
        let page = petra.get(&path).await.body;
        assert!(page.contains("Somebody at the command line") && page.contains("Love Crème BV"));
        rows.push(page.matches("<td data-label=\"When\">").count());
        let Some((before, _)) = page.split_once("\">Next</a>") else { break };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&");
    }
    assert_eq!(rows.iter().sum::<usize>() % 60, 1, "{rows:?}: 60, and the key of the seed");
    assert!(rows.len() == 2 && rows[0] == 50, "{rows:?}");
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let app = app().await;
    let tokens = app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    app.refresh(&tokens.refresh).await;
    app.refresh(&tokens.refresh).await;
    let mut petra = signed_in(&app, PETRA).await;
    let page = petra.get("/admin/audit").await.body;
    assert!(page.contains("refresh_token.replayed"));
    for secret in [&tokens.access, &tokens.refresh, BOOKS.1, "correct horse"] {
        assert!(!page.contains(secret));
    }
}
