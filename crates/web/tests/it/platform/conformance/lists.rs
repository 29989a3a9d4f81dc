//! The two lists and their numbers. The security cases are lettered by section and have gaps in their numbering; `Facts` are the
//! documented behaviours of the platform, 1 to 40, with a 33a.

/// A list, or a section of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    Facts,
}

/// The documented behaviours have one number with a letter, 33a.
const THIRTY_THREE_A: u16 = 3301;

/// An entry of a list.
pub(super) type Number = (List, u16);

impl List {
    pub(super) const ALL: [Self; 12] = [
        Self::A,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::Facts,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::A => "A. Metadata and transport",
            Self::B => "B. Client registration and management",
            Self::C => "C. Authorization request",
            Self::D => "D. Sign-in, consent, browser safety",
            Self::E => "E. Code exchange and client authentication",
            Self::F => "F. Refresh",
            Self::G => "G. Revocation and introspection",
            Self::H => "H. Resource server",
            Self::I => "I. Sender constraint, PAR, JAR, private_key_jwt",
            Self::J => "J. Device grant",
            Self::K => "K. API keys and tenants",
            Self::Facts => "Documented behaviour, 1 to 40",
        }
    }

    pub(super) fn numbers(self) -> Vec<u16> {
        match self {
            Self::A => vec![1, 2, 4, 5, 6, 7, 9, 10],
            Self::B => vec![12, 13, 15, 16, 17, 18, 20, 21, 22, 24],
            Self::C => vec![25, 27, 29, 30, 32, 34, 35, 36, 38, 39, 41, 42, 44, 45],
            Self::D => vec![47, 49, 50, 51, 53, 55, 56],
            Self::E => vec![59, 60, 61, 63, 65, 67, 68, 71, 72, 74, 75, 76, 78, 79, 81],
            Self::F => vec![83, 84, 85, 86, 88, 91, 92, 93, 95, 96, 97, 98, 100, 101, 103],
            Self::G => vec![104, 105, 108, 110, 111, 112, 114, 117],
            Self::H => vec![118, 119, 120, 122, 124, 125, 127, 129, 131, 132],
            Self::I => {
                vec![133, 134, 135, 136, 138, 139, 140, 142, 143, 144, 145, 146, 147, 148, 150]
            }
            Self::J => vec![151, 153, 154],
            Self::K => vec![155, 156, 157, 159, 161, 162, 163, 165, 167],
            Self::Facts => (1..=33).chain([THIRTY_THREE_A]).chain(34..=40).collect(),
        }
    }

    /// A number as the list has it.
    pub(super) fn label(self, number: u16) -> String {
        match (self, number) {
            (Self::Facts, THIRTY_THREE_A) => "33a".to_owned(),
            _ => number.to_string(),
        }
    }
}
