use std::path::Path;

use super::*;

#[test]
fn both_forms_are_read() {
    assert!(matches!("sqlite:/a/b.db".parse(), Ok(Location::Sqlite(path)) if path == Path::new("/a/b.db")));
    assert!(matches!("sqlite:b.db".parse(), Ok(Location::Sqlite(path)) if path == Path::new("b.db")));
    assert!(matches!("sqlite:///a/b.db".parse(), Ok(Location::Sqlite(path)) if path == Path::new("/a/b.db")));
    assert!(matches!("postgres://u:p@h:5433/d?sslmode=require".parse(), Ok(Location::Postgres(_))));
    assert!(matches!("postgresql:///d?host=/run/postgresql".parse(), Ok(Location::Postgres(_))));
}

#[test]
fn other_texts_are_refused() {
    for (text, error) in
        [("sqlite:", LocationError::NoPath), ("mysql://h/d", LocationError::Form), ("", LocationError::Form)]
    {
        assert_eq!(text.parse::<Location>().unwrap_err(), error, "{text}");
    }
    assert!(matches!("postgres://h:port/d".parse::<Location>(), Err(LocationError::Postgres(_))));
    assert!(matches!(
        "postgres://h/d?sslmode=sometimes".parse::<Location>(),
        Err(LocationError::Postgres(_))
    ));
}

#[test]
fn a_password_is_not_shown() {
    let location: Location =
        "postgres://ada:hun@ter2@db.example:5433/mainstay?password=hunter3".parse().unwrap();
    assert_eq!(
        format!("{location} {location:?}"),
        "postgres://db.example:5433/mainstay postgres://db.example:5433/mainstay"
    );
}
