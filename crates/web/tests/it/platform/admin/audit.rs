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
async fn records_are_filtered_by_who_did_it() {
    let app = app().await;
    app.connect("anna@example.com", LOVE_BV, "companies:read").await;
    app.connect("ben@example.com", LOVE_BV, "companies:read").await;
    let mut petra = signed_in(&app, PETRA).await;
    let mut kinds = async |query: &str| {
        let page = petra.get(&format!("/admin/audit?{query}")).await.body;
        let of_kind = page.split("/admin/audit?kind=").skip(1);
        let kinds: Vec<_> = of_kind.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        (kinds, page)
    };
    let (by_anna, page) = kinds("actor=ANNA@example.com&kind=authorisation.granted").await;
    assert_eq!(by_anna, ["authorisation.granted"]);
    assert!(page.contains("anna@example.com</a>") && !page.contains("ben@example.com</a>"));
    let (by_hand, page) = kinds("actor=command_line&kind=company.seeded").await;
    assert_eq!(by_hand.len(), 3, "{by_hand:?}");
    assert!(page.contains("/admin/audit?actor=command_line\">Somebody at the command line</a>"));
    assert!(kinds("actor=command_line&kind=authorisation.granted").await.0.is_empty());
    let (by_client, _) = kinds("actor=client%3Abooks").await;
    assert!(
        !by_client.is_empty() && !by_client.contains(&"authorisation.granted".to_owned()),
        "{by_client:?}"
    );
    assert!(kinds("actor=nobody%40example.com").await.0.is_empty());
}

#[tokio::test]
async fn what_a_seed_makes_is_on_record_and_what_is_there_is_not_told_again() {
    let app = app().await;
    let mut petra = signed_in(&app, PETRA).await;
    let mut count = async |kind: &str| {
        let page = petra.get(&format!("/admin/audit?actor=command_line&kind={kind}")).await.body;
        page.matches("<td data-label=\"When\">").count()
    };
    let told = [
        ("organisation.seeded", 2),
        ("company.seeded", 3),
        ("user.created", 5),
        ("role.given", 6),
        ("platform_admin.granted", 1),
        ("client.seeded", 3),
    ];
    for again in [false, true] {
        if again {
            app.seed_again().await;
        }
        for (kind, expected) in told {
            assert_eq!(count(kind).await, expected, "{kind}, run again: {again}");
        }
        assert_eq!(count("platform_admin.withdrawn").await, 0, "nobody had it");
    }
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
    assert_eq!(rows.iter().sum::<usize>() % 60, 2, "{rows:?}: 60, and the company and its key of the seed");
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
