//! What the lists of clients, users and companies have in common: the search above them, and the way from page to page.

use serde::Deserialize;

use super::{ROWS, address};

/// Which rows of a list are wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    text: Option<String>,
    state: Option<String>,
    /// Where lists with a cursor go on.
    pub(super) after: Option<String>,
    /// The page of a list with numbered ones.
    pub(super) page: Option<usize>,
}

impl Wanted {
    /// What the rows are to hold.
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default().trim()
    }

    /// The word of a state in which they are to be.
    pub(super) fn state(&self) -> &str {
        self.state.as_deref().unwrap_or_default()
    }
}

/// A list as its page shows it, without the rows.
#[derive(Debug)]
pub(super) struct List {
    pub(super) here: String,
    /// What the text is looked for in.
    pub(super) searched: &'static str,
    pub(super) text: String,
    /// What is listed where no state is chosen.
    pub(super) all: &'static str,
    /// Word, label and whether it is chosen.
    pub(super) states: Vec<(&'static str, &'static str, bool)>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl List {
    /// The list at `path`; `states` by word and label. A state that is none of them is passed over.
    pub(super) fn new(
        (base, path): (&str, &str),
        searched: &'static str,
        (all, states): (&'static str, &[(&'static str, &'static str)]),
        wanted: &Wanted,
    ) -> Self {
        Self {
            here: format!("{base}{path}"),
            searched,
            text: wanted.text().to_owned(),
            all,
            states: states.iter().map(|(word, label)| (*word, *label, *word == wanted.state())).collect(),
            previous: None,
            next: None,
        }
    }

    /// The word of the state that is chosen; empty if none is.
    pub(super) fn chosen(&self) -> &'static str {
        self.states.iter().find(|(_, _, chosen)| *chosen).map_or("", |(word, _, _)| word)
    }

    /// Whether rows may have been left out.
    pub(super) fn is_filtered(&self) -> bool {
        !self.text.is_empty() || !self.chosen().is_empty()
    }

    /// The address of the same selection at another place.
    pub(super) fn at(&self, place: (&str, &str)) -> String {
        address::list("", &self.here, &[("text", &self.text), ("state", self.chosen()), place])
    }

    /// Of rows of which one more was read than are shown: those, and the ways on and back to the start.
    pub(super) fn cut<T>(
        &mut self,
        mut found: Vec<T>,
        wanted: &Wanted,
        cursor: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let more = found.len() > ROWS as usize;
        found.truncate(ROWS as usize);
        self.next = found.last().filter(|_| more).map(|last| self.at(("after", &cursor(last))));
        self.previous = wanted.after.as_ref().map(|_| self.at(("after", "")));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: &[(&str, &str)] = &[("disabled", "Disabled")];

    fn list(wanted: &Wanted) -> List {
        List::new(("/x", "/admin/users"), "Name", ("All", STATES), wanted)
    }

    #[test]
    fn the_selection_goes_along_from_page_to_page() {
        let wanted = Wanted {
            text: Some(" a&b ".to_owned()),
            state: Some("disabled".to_owned()),
            after: Some("9".to_owned()),
            page: None,
        };
        let mut list = list(&wanted);
        assert!(list.is_filtered());
        let rows = list.cut((0..=ROWS).collect(), &wanted, ToString::to_string);
        assert_eq!(rows.len(), ROWS as usize);
        assert_eq!(list.next.unwrap(), "/x/admin/users?text=a%26b&state=disabled&after=49");
        assert_eq!(list.previous.unwrap(), "/x/admin/users?text=a%26b&state=disabled");
    }

    #[test]
    fn a_state_that_is_none_selects_nothing_and_the_last_page_leads_no_further() {
        let wanted = Wanted { state: Some("x\"><".to_owned()), ..Wanted::default() };
        let mut list = list(&wanted);
        assert!(!list.is_filtered() && list.chosen().is_empty());
        list.cut((0..ROWS).collect(), &wanted, ToString::to_string);
        assert_eq!((list.next, list.previous), (None, None));
    }
}
