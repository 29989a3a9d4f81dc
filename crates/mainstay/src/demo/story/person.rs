//! The person of the story: who signs in, and which companies are picked.

pub(super) use visitor::{Door, Walked};
use visitor::{Person, Places};

use super::connecting::Wanted;
use super::world::{World, url};
use crate::demo::browser::{Seen, Unexpected};
use crate::demo::cast;

fn places(world: &World<'_>) -> Places {
    let addresses = &world.house.addresses;
    Places { connect: url(&addresses.connect), platform: url(&addresses.platform) }
}

/// Which door a page is.
pub(super) fn door(world: &World<'_>, seen: &Seen) -> Door {
    places(world).door(seen)
}

/// Goes on from a page until the door `until` is in front, or there is nothing to do.
pub(super) async fn go_on(
    world: &mut World<'_>,
    from: Seen,
    wanted: &Wanted,
    until: Option<Door>,
) -> Result<Walked, Unexpected> {
    let sign_in = |email: &str| (email.to_owned(), world.house.secrets.of(email));
    let person = Person {
        pleo: sign_in(cast::ADMIN.email),
        company: wanted.company.id.to_owned(),
        accounting: sign_in(wanted.system.email),
        books: wanted.books.id.to_owned(),
    };
    let places = places(world);
    person.go_on(&mut world.browser, &places, from, until).await
}
