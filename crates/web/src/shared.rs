//! What the doors of every side share.
//!
//! A side builds its router, hands it to [`frame()`] together with its [`Site`], and the result to [`serve()`]. Within a
//! frame every answer has a request id, security headers and a measured duration, and each refusal has the shape of the
//! surface it belongs to: problem details for APIs, a page for people, whatever a side defines for its OAuth endpoints.

pub mod assets;
mod client_address;
mod cookies;
mod country;
mod decode;
mod dormant;
mod extract;
mod forms;
mod frame;
pub mod headers;
mod in_process;
pub mod page;
mod patient_body;
mod peers;
mod problem;
mod request_measures;
mod same_origin;
mod serve;
mod site;
mod standstill;
mod surface;
mod trace;
pub mod vitals;

pub use client_address::ClientAddress;
pub use cookies::CookieLife;
pub use country::country_name;
pub use decode::{DecodeError, Pairs};
pub use extract::{Form, Json, Path, Query, RawForm, RawQuery};
pub(crate) use extract::{objects_from_slice, read_objects};
pub use forms::{CSRF_FIELD, FieldError, FormErrors};
pub use frame::frame;
pub use headers::{ForeignContent, FormTargets};
pub use in_process::InProcess;
pub use page::{Layout, Page};
pub use problem::Problem;
pub(crate) use same_origin::{door_of, origin_of};
pub use serve::{ServeLimits, serve, serve_on};
pub use site::{Side, Site};
pub use standstill::Standstill;
pub use surface::{Api, Manner, Pages, Surface};
pub(crate) use trace::within_request;
pub use trace::{RequestId, RequestInHand, current_request, request_in_hand};

#[cfg(test)]
mod tests;
