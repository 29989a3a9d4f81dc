use clap::{Args, Subcommand};

/// `mainstay platform users …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// People who may sign in
    List(Search),
    /// Sign a person out for good, and end what they consented to
    Disable(User),
    /// Let a disabled person sign in again; what ended stays ended
    Enable(User),
    /// Give a person a role in a company, or in each company of an organisation
    SetRole(NewRole),
    /// Take a person's role in a company, or in each company of an organisation, away; what they consented to goes on
    RemoveRole(RoleAt),
    /// Set a person's password (from standard input); their sessions end, and nothing else
    SetPassword(User),
}

/// Which person.
#[derive(Debug, Args)]
pub(crate) struct User {
    /// Their email address
    pub(crate) email: String,
}

/// A person and a place where they have a role.
#[derive(Debug, Args)]
pub(crate) struct RoleAt {
    /// Their email address
    pub(crate) email: String,
    /// In this company
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "organisation",
        conflicts_with = "organisation"
    )]
    pub(crate) company: Option<String>,
    /// In each company of this organisation
    #[arg(long, value_name = "ID")]
    pub(crate) organisation: Option<String>,
}

/// A role to give.
#[derive(Debug, Args)]
pub(crate) struct NewRole {
    #[command(flatten)]
    pub(crate) place: RoleAt,
    /// admin, bookkeeper or employee
    #[arg(long)]
    pub(crate) role: String,
}

/// `mainstay platform companies …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Companies {
    /// Companies of all organisations
    List(Search),
    /// Stop every token and key of a company until it is resumed; nothing is ended
    Suspend(Company),
    /// Let a suspended company go on
    Resume(Company),
}

/// Which company.
#[derive(Debug, Args)]
pub(crate) struct Company {
    /// Its id
    pub(crate) id: String,
}

/// What is looked for.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Only those whose name, address or number holds this
    #[arg(long)]
    pub(crate) text: Option<String>,
}
