use std::collections::BTreeMap;

use authserver::AccessRefusal;
use base::Secret;
use serde_json::Value;

use super::{AGREEMENT, APPLICATION, Standin};
use crate::api::{Call, CallAnswer, Refusal, find};
use crate::store::{Booked, Company, Connected, ConnectionId, EntryId, NewBooking};
use crate::system::{Act, CompanyIn, Reach};

/// How many entries a list holds at most.
const LISTED: u32 = 200;

/// Who calls, and what they reach.
struct Caller {
    client_id: String,
    /// The person, where connections hang on one.
    account: Option<identity::AccountId>,
    connected: Vec<Connected>,
}

impl Standin {
    /// Answers a call to the system's API.
    pub async fn call(&self, call: &Call) -> CallAnswer {
        match self.answer(call).await {
            Ok(answer) => answer,
            Err(refusal) => {
                if let Refusal::Unavailable(error) = &refusal {
                    tracing::error!(system = %self.system.kind, %error, "sandbox.call.failed");
                }
                let (status, body) = (self.system.api.refusal)(&refusal);
                CallAnswer { status, body }
            }
        }
    }

    async fn answer(&self, call: &Call) -> Result<CallAnswer, Refusal> {
        let api = &self.system.api;
        // As at the real systems, a caller without a credential is not told which paths there are.
        let caller = self.caller(call).await?;
        let (route, variables) = find(api.routes, &call.method, &call.path).ok_or(Refusal::NotFound)?;
        let ok = |body| CallAnswer { status: 200, body };
        match route.act {
            Act::Companies => Ok(ok((api.companies)(&caller.connected))),
            Act::Outer(outer) => Ok(ok(outer(&caller.connected))),
            Act::Company => Ok(ok((api.company)(self.company(call, &caller, &variables)?))),
            Act::Book => {
                let company = self.company(call, &caller, &variables)?;
                let booked = self.book(&caller, company, call.body.clone().unwrap_or(Value::Null)).await?;
                Ok(CallAnswer { status: api.booked_status, body: (api.booked)(&booked) })
            }
            Act::Booked => {
                let company = self.company(call, &caller, &variables)?;
                Ok(ok((api.booked_list)(&self.ports.store.booked(&company.id, 0, LISTED).await?)))
            }
            Act::Disconnect => self.disconnect(&caller, &variables).await,
        }
    }

    async fn caller(&self, call: &Call) -> Result<Caller, Refusal> {
        if self.system.token_path.is_none() {
            return self.caller_by_agreement(call.static_tokens.as_ref()).await;
        }
        let bearer = call.bearer.as_ref().ok_or(Refusal::Credential)?;
        let access = match self.ports.server.authenticate(bearer).await {
            Ok(access) => access,
            Err(AccessRefusal::Invalid) => return Err(Refusal::Credential),
            Err(AccessRefusal::Unavailable(error)) => return Err(error.into()),
        };
        let client_id = access.client_id.as_str().to_owned();
        match self.system.reach {
            Reach::One => {
                let id = access.subject.strip_prefix("company:").ok_or(Refusal::Credential)?;
                let company = self.ports.store.company(id).await?.ok_or(Refusal::Company)?;
                Ok(Caller { client_id, account: None, connected: vec![self.only(company)] })
            }
            Reach::AllOfPerson => {
                let account = access.granted_by.parse().map_err(|_| Refusal::Credential)?;
                let connected = self.ports.store.connected(&client_id, account).await?;
                Ok(Caller { client_id, account: Some(account), connected })
            }
        }
    }

    async fn caller_by_agreement(
        &self,
        tokens: Option<&(Secret<String>, Secret<String>)>,
    ) -> Result<Caller, Refusal> {
        let (secret, token) = tokens.ok_or(Refusal::Credential)?;
        let application =
            self.ports.store.application_by_secret(&self.token_hash(APPLICATION, secret.expose())).await?;
        let agreement = self.ports.store.agreement(&self.token_hash(AGREEMENT, token.expose())).await?;
        let (Some(application), Some(agreement)) = (application, agreement) else {
            return Err(Refusal::Credential);
        };
        if application.client_id != agreement.client_id {
            return Err(Refusal::Credential);
        }
        let company = self.ports.store.company(&agreement.company_id).await?.ok_or(Refusal::Company)?;
        Ok(Caller { client_id: application.client_id, account: None, connected: vec![self.only(company)] })
    }

    /// The one company of a grant, as if it were one of several.
    fn only(&self, company: Company) -> Connected {
        let at = self.ports.clock.now();
        Connected {
            id: ConnectionId::new(&*self.ports.clock, &*self.ports.entropy),
            company,
            created_at: at,
            updated_at: at,
        }
    }

    /// The company that a call is for, if the caller reaches it.
    fn company<'a>(
        &self,
        call: &Call,
        caller: &'a Caller,
        variables: &BTreeMap<String, String>,
    ) -> Result<&'a Company, Refusal> {
        let wanted = match self.system.api.company_in {
            CompanyIn::Header(_) => Some(call.company_header.as_ref().ok_or(Refusal::CompanyMissing)?),
            CompanyIn::HeaderOrLead(_) => call.company_header.as_ref(),
            CompanyIn::Path => Some(variables.get("company").ok_or(Refusal::CompanyMissing)?),
            CompanyIn::Grant => None,
        };
        let mut reached = caller.connected.iter().map(|connected| &connected.company);
        match wanted {
            Some(id) => reached.find(|company| company.id == *id),
            None => reached.next(),
        }
        .ok_or(Refusal::Company)
    }

    async fn book(&self, caller: &Caller, company: &Company, document: Value) -> Result<Booked, Refusal> {
        self.system.api.lines.check(&document).map_err(Refusal::Document)?;
        let booking = NewBooking {
            id: EntryId::new(&*self.ports.clock, &*self.ports.entropy),
            company_id: company.id.clone(),
            client_id: caller.client_id.clone(),
            document,
            booked_at: self.ports.clock.now(),
        };
        let number = self.ports.store.book(&booking).await?;
        Ok(Booked { booking, number })
    }

    async fn disconnect(
        &self,
        caller: &Caller,
        variables: &BTreeMap<String, String>,
    ) -> Result<CallAnswer, Refusal> {
        let id = variables.get("id").and_then(|id| id.parse().ok()).ok_or(Refusal::NotFound)?;
        let account = caller.account.ok_or(Refusal::NotFound)?;
        if !self.ports.store.disconnect(&caller.client_id, account, id).await? {
            return Err(Refusal::NotFound);
        }
        let origin = audit::Origin::default();
        self.end_if_nothing_is_reached(&caller.client_id, account, audit::Actor::System, &origin).await?;
        Ok(CallAnswer { status: 204, body: Value::Null })
    }

    /// The entries of a company, for whoever wants to see what arrived: no part of the real system's API.
    pub async fn booked(&self, company_id: &str, after: u64) -> Result<Vec<Booked>, base::StoreError> {
        self.ports.store.booked(company_id, after, LISTED).await
    }
}
