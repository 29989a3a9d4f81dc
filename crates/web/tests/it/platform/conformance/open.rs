//! What no test shows, with the reason. A number can be here and have tests too, where only a part of it is open.

use super::lists::List;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot occur here.
    NotApplicable,
    /// It is wanted and not there.
    NotYet,
}

pub(super) struct Open {
    pub(super) list: List,
    pub(super) numbers: &'static [u16],
    pub(super) why: Why,
    pub(super) reason: &'static str,
}

const fn not_applicable(list: List, numbers: &'static [u16], reason: &'static str) -> Open {
    Open { list, numbers, why: Why::NotApplicable, reason }
}

#[allow(dead_code, reason = "for the next number that is wanted and not there")]
const fn not_yet(list: List, numbers: &'static [u16], reason: &'static str) -> Open {
    Open { list, numbers, why: Why::NotYet, reason }
}

pub(super) const OPEN: &[Open] = &[
    not_applicable(
        List::A,
        &[9],
        "TLS ends at the proxy in front, so there is no listener of ours that plain HTTP could reach by mistake",
    ),
    not_applicable(
        List::B,
        &[24],
        "A client id is never a URL to be fetched: documents of that kind are not offered",
    ),
    not_applicable(List::C, &[35], "Every client has the code grant; there is no setting that takes it away"),
    not_applicable(List::D, &[56], "A silent request is not offered: `prompt` is unknown here, and ignored"),
    not_applicable(
        List::E,
        &[71],
        "A matter of reading the code: secrets are compared as keyed hashes, so the time taken tells nothing of where they differ",
    ),
    not_applicable(
        List::F,
        &[86],
        "No webhook tells of a replay: Pleo documents none (facts 13); it is in the audit log and among the metrics",
    ),
    not_applicable(List::H, &[125], "There is one resource server, and no request can name another"),
    not_applicable(
        List::H,
        &[127],
        "The resource server answers by itself; nothing is forwarded to an upstream",
    ),
    not_applicable(List::H, &[131], "No resource asks for a fresher or stronger sign-in"),
    not_applicable(List::I, &[133, 134, 135, 136, 138, 139], "DPoP is not offered"),
    not_applicable(List::I, &[140, 142, 143, 144, 145], "Pushed authorization requests are not offered"),
    not_applicable(List::I, &[146, 147, 148], "`private_key_jwt` is not offered"),
    not_applicable(List::I, &[150], "Signed request objects are not offered"),
    not_applicable(List::J, &[151, 153, 154], "The device grant is not offered"),
    not_applicable(List::K, &[161], "An allow-list of addresses is no documented property of a key"),
    not_applicable(
        List::K,
        &[163],
        "Clients are registered once for the whole platform; no tenant registers its own",
    ),
    not_applicable(
        List::Facts,
        &[39],
        "These are values seen of somebody else's server; this one names itself, its tokens are opaque and of type Bearer",
    ),
];
