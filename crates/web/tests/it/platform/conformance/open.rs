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

const fn not_yet(list: List, numbers: &'static [u16], reason: &'static str) -> Open {
    Open { list, numbers, why: Why::NotYet, reason }
}

pub(super) const OPEN: &[Open] = &[
    not_applicable(
        List::A,
        &[9],
        "TLS ends at the proxy in front, so there is no listener of ours that plain HTTP could reach by mistake",
    ),
    not_yet(List::A, &[10], "There is no protected-resource metadata document (RFC 9728)"),
    not_yet(List::B, &[12, 13, 15, 16, 17, 18, 20], "There is no registration by API (RFC 7591, RFC 7592)"),
    not_yet(
        List::B,
        &[22],
        "Tested are the pages and the audit log; log lines are not captured by a test of this side",
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
    not_yet(List::F, &[86], "The replay is in the audit log; the platform side sends no webhooks"),
    not_yet(
        List::F,
        &[98],
        "Shown for 30 rounds in memory; 1,000 rounds on both databases are a run of their own",
    ),
    not_yet(List::F, &[100], "No test kills a platform process in the middle of rotations"),
    not_applicable(List::F, &[103], "No client is sender-constrained, so rotation is never off"),
    not_applicable(List::H, &[125], "There is one resource server, and no request can name another"),
    not_applicable(
        List::H,
        &[127],
        "The resource server answers by itself; nothing is forwarded to an upstream",
    ),
    not_applicable(List::H, &[131], "No resource asks for a fresher or stronger sign-in"),
    not_yet(List::H, &[132], "Calls of the resource APIs are not limited"),
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
    not_yet(
        List::K,
        &[167],
        "A denied use of a key leaves no record, and the records are not chained, so a missing one is not found by verification",
    ),
    not_yet(List::Facts, &[1], "The consent page shows the client's initial and not its logo"),
    not_applicable(
        List::Facts,
        &[39],
        "These are values seen of somebody else's server; this one names itself, its tokens are opaque and of type Bearer",
    ),
];
