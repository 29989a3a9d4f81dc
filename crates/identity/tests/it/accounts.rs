use identity::{AccountError, AccountSelection, Created, Email, InvalidEmail};

use super::*;

#[tokio::test]
async fn a_seed_can_be_run_twice() {
    let world = world();
    let new = NewAccount {
        email: "Anna@Example.com".to_owned(),
        name: " Anna ".to_owned(),
        password: Some(secret(PASSWORD)),
    };
    let Created::New(account) = world.identity.create_account(new.clone()).await.unwrap() else { panic!() };
    assert_eq!((account.email.as_str(), account.name.as_str()), ("anna@example.com", "Anna"));
    let other = NewAccount { name: "Other".to_owned(), password: Some(secret("another password")), ..new };
    assert_eq!(world.identity.create_account(other).await.unwrap(), Created::Existing(account.clone()));
    world.identity.sign_in("anna@example.com", &secret(PASSWORD), SOURCE).await.unwrap();
    assert_eq!(world.identity.account_by_email(" ANNA@example.com").await.unwrap(), Some(account.clone()));
    assert_eq!(world.identity.account(account.id).await.unwrap(), Some(account));
}

#[tokio::test]
async fn bad_input_makes_no_account() {
    let world = world();
    let new = |email: &str, password: &str| NewAccount {
        email: email.to_owned(),
        name: String::new(),
        password: Some(secret(password)),
    };
    let create = |email, password| world.identity.create_account(new(email, password));
    assert_eq!(create("anna", PASSWORD).await, Err(AccountError::Email(InvalidEmail)));
    assert_eq!(create("a@b", "short").await, Err(AccountError::PasswordTooShort { minimum: 8 }));
    assert_eq!(create("a@b", &"x".repeat(1025)).await, Err(AccountError::PasswordTooLong));
    assert_eq!(world.identity.list_accounts("", AccountSelection::All, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn accounts_are_listed_page_by_page() {
    let world = world();
    for email in ["c@x.example", "a@x.example", "b@x.example"] {
        world.person(email).await;
    }
    let page = |after: Option<Email>| {
        let identity = &world.identity;
        async move {
            let accounts =
                identity.list_accounts("", AccountSelection::All, after.as_ref(), 2).await.unwrap();
            accounts.into_iter().map(|account| account.email).collect::<Vec<_>>()
        }
    };
    let first = page(None).await;
    let second = page(first.last().cloned()).await;
    let texts: Vec<_> = first.iter().chain(&second).map(Email::as_str).collect();
    assert_eq!((first.len(), texts), (2, vec!["a@x.example", "b@x.example", "c@x.example"]));
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_changed() {
    let world = world();
    let nobody = "usr_0190a5b8-7c2e-7000-8000-0000000000aa".parse().unwrap();
    let identity = &world.identity;
    assert_eq!(
        identity.set_password(nobody, &secret(PASSWORD), vec![]).await,
        Err(AccountError::NoSuchAccount)
    );
    assert_eq!(identity.disable(nobody, vec![]).await, Err(AccountError::NoSuchAccount));
    assert_eq!(identity.enable(nobody, vec![]).await, Err(AccountError::NoSuchAccount));
}
