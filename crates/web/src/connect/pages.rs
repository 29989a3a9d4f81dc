//! The pages of the connect side: structs that a handler fills, each with its template in `templates/connect/`.
//!
//! They hold what is shown and where forms lead, and nothing of the domain's types, so that words and looks can change without
//! the rooms behind them. A page that asks something of a customer has exactly one form; a finished page has none.

mod begin;
mod chart;
mod customer;
mod operator;
mod settings;

pub use begin::BeginPage;
pub use chart::{Chart, Day};
pub use customer::{
    Choice, ChoosePage, ConfirmPage, DonePage, Found, KeyPage, LeavePage, SignInAgainPage, StartPage, Steps,
    StoppedPage, WaitPage,
};
pub use operator::{
    Attention, ConnectionPage, ConnectionRow, Count, EndView, Fact, Happening, LinkPage, OverviewPage, Pair,
    SignInPage,
};
pub use settings::{ApiTokenRow, ClientRow, KeyRow, NewTokenPage, RoleChoice, SettingsPage, WebhookRow};
