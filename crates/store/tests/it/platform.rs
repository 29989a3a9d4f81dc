//! [`platform::Store`] on each database.

use std::time::Duration;

use audit::{Actor, AuditEvent, AuditRecord, Auditor, Filter, Store as _};
use authserver::KeyedHash;
use base::testing::{ManualClock, SeededEntropy};
use base::{Clock, Entropy, EntropyExt as _, Timestamp};
use futures_util::future::join_all;
use platform::{
    ApiKey, ApiKeyId, ApiKeyOrigin, ApiKeys as _, ClientUsage, Company, CompanyId, CompanySelection, Counts,
    CreateJob, Employee, EmployeeFilter, EventOutcome, Expense, ExpenseId, ExportJob, ExportJobId,
    Exports as _, FailureReason, Installation, InstallationChange, InstallationErrorCode, InstallationId,
    InstallationStatus, Installations as _, ItemChange, ItemReport, ItemStatus, ItemUpdate, ItemsOutcome,
    JOB_LIFE, JobEvent, JobFilter, JobStatus, JobStep, Organisation, OrganisationId, Overview as _,
    PageQuery, Position, Reach, Role, Standing, StoredApiKey, Subject, Tally, Tenants as _,
};
use std::sync::Arc;
use store::Database;
use store::Side;

use crate::suite::{Suite, conformance};

pub(crate) fn cases(suite: &mut Suite) {
    conformance!(suite, "platform", Side::Platform;
        what_is_put_comes_back_and_is_brought_up_to_date,
        a_place_in_a_company_keeps_its_id,
        what_changes_is_recorded_and_what_is_there_already_is_not,
        a_place_is_taken_away_once_and_in_one_company,
        suspension_takes_a_company_out_of_reach_and_survives_a_seed,
        companies_are_found_in_the_order_of_their_names,
        what_there_is_is_counted,
        the_keys_of_a_client_count_as_use_while_they_live,
        lists_are_paged_in_both_directions,
        an_api_key_comes_back_and_is_revoked_once,
        one_integrated_key_is_live_however_many_are_made_at_once,
        an_installation_is_there_once_and_keeps_its_metadata,
        one_job_of_a_company_runs_however_many_are_made_at_once,
        an_expired_job_makes_room_and_counts_as_failed,
        a_job_moves_only_from_where_it_was_seen,
        items_change_while_the_job_runs,
    );
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LOVE: &str = "0190a5b8-0000-7000-8000-000000000001";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
    format!("0190a5b8-7c2e-7000-8000-{number:012}").parse().unwrap()
}

fn organisation() -> OrganisationId {
    LOVE.parse().unwrap()
}

fn company(number: u32) -> Company {
    Company {
        id: id(number),
        organisation: organisation(),
        name: format!("Love Crème \"{number}\""),
        country: "NL".to_owned(),
        registration_number: number.is_multiple_of(2).then(|| number.to_string()),
        standalone_api_keys: true,
        suspended_at: None,
    }
}

fn employee(number: u32, company: u32, account: u32) -> Employee {
    Employee {
        id: id(number),
        company: id(company),
        account: format!("usr_0190a5b8-7c2e-7000-8000-{account:012}").parse().unwrap(),
        email: format!("Person{account}@example.com"),
        first_name: "Åsa".to_owned(),
        last_name: "O'Neill".to_owned(),
        role: Role::Bookkeeper,
    }
}

fn audit() -> AuditRecord {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
        (Arc::new(ManualClock::new()), Arc::new(base::SystemEntropy));
    let keys = seal::testing::keys(&SeededEntropy::new(1));
    Auditor::new(keys, clock, entropy).record(AuditEvent::new("test.done", Actor::System))
}

async fn records(database: &Database) -> usize {
    database.audit_records(Filter::default(), 100).await.unwrap().len()
}

async fn tenants(database: &Database) {
    database
        .put_organisation(&Organisation { id: organisation(), name: "Love".to_owned() }, audit())
        .await
        .unwrap();
    for number in 1..=3 {
        database.put_company(&company(number), audit()).await.unwrap();
    }
}

async fn what_is_put_comes_back_and_is_brought_up_to_date(database: Database) {
    tenants(&database).await;
    assert_eq!(database.company(id(2)).await.unwrap(), Some(company(2)));
    assert_eq!(database.company(id(9)).await.unwrap(), None);
    let renamed = Company {
        name: "Renamed".to_owned(),
        registration_number: None,
        standalone_api_keys: false,
        ..company(2)
    };
    database.put_company(&renamed, audit()).await.unwrap();
    assert_eq!(database.company(id(2)).await.unwrap(), Some(renamed));
    let organisation = Organisation { id: organisation(), name: "More love".to_owned() };
    database.put_organisation(&organisation, audit()).await.unwrap();
    assert_eq!(database.organisation(organisation.id).await.unwrap(), Some(organisation));
    let account = employee(1, 1, 1).account;
    assert!(!database.is_platform_admin(account).await.unwrap());
    for admin in [true, true, false, false] {
        database.set_platform_admin(account, admin, audit()).await.unwrap();
        assert_eq!(database.is_platform_admin(account).await.unwrap(), admin);
    }
}

async fn a_place_in_a_company_keeps_its_id(database: Database) {
    tenants(&database).await;
    assert_eq!(database.put_employee(&employee(11, 1, 1), audit()).await.unwrap(), id(11));
    let promoted = Employee { role: Role::Admin, ..employee(12, 1, 1) };
    assert_eq!(database.put_employee(&promoted, audit()).await.unwrap(), id(11));
    assert_eq!(database.employee(id(11)).await.unwrap(), Some(Employee { id: id(11), ..promoted }));
    database.put_employee(&employee(13, 2, 1), audit()).await.unwrap();
    let memberships = database.memberships(employee(1, 1, 1).account).await.unwrap();
    let seen: Vec<_> = memberships
        .iter()
        .map(|place| (place.company.id, place.role, place.organisation_name.as_str()))
        .collect();
    assert_eq!(seen, [(id(1), Role::Admin, "Love"), (id(2), Role::Bookkeeper, "Love")]);
}

async fn what_changes_is_recorded_and_what_is_there_already_is_not(database: Database) {
    let mut expected = 0;
    let love = |name: &str| Organisation { id: organisation(), name: name.to_owned() };
    for (name, told) in [("Love", 1), ("Love", 0), ("More love", 1)] {
        database.put_organisation(&love(name), audit()).await.unwrap();
        expected += told;
        assert_eq!(records(&database).await, expected, "{name}");
    }
    let unnumbered = Company { registration_number: None, ..company(2) };
    let keyless = Company { standalone_api_keys: false, ..company(2) };
    for (company, told) in [(company(2), 1), (company(2), 0), (unnumbered, 1), (company(2), 1), (keyless, 1)]
    {
        database.put_company(&company, audit()).await.unwrap();
        expected += told;
        assert_eq!(records(&database).await, expected, "{company:?}");
        assert_eq!(database.company(id(2)).await.unwrap(), Some(company));
    }
    let renamed = Employee { first_name: "Ása".to_owned(), ..employee(11, 2, 1) };
    let promoted = Employee { role: Role::Admin, ..renamed.clone() };
    for (employee, told) in [(employee(11, 2, 1), 1), (employee(11, 2, 1), 0), (renamed, 0), (promoted, 1)] {
        database.put_employee(&employee, audit()).await.unwrap();
        expected += told;
        assert_eq!(records(&database).await, expected, "{employee:?}");
        assert_eq!(database.employee(id(11)).await.unwrap(), Some(employee));
    }
    let account = employee(11, 2, 1).account;
    for (admin, told) in [(false, 0), (true, 1), (true, 0), (false, 1)] {
        database.set_platform_admin(account, admin, audit()).await.unwrap();
        expected += told;
        assert_eq!(records(&database).await, expected, "{admin}");
    }
}

async fn a_place_is_taken_away_once_and_in_one_company(database: Database) {
    tenants(&database).await;
    for (number, company, account) in [(11, 1, 1), (12, 2, 1), (13, 1, 2)] {
        database.put_employee(&employee(number, company, account), audit()).await.unwrap();
    }
    let (before, account) = (records(&database).await, employee(11, 1, 1).account);
    assert!(database.remove_employee(id(1), account, audit()).await.unwrap());
    assert!(!database.remove_employee(id(1), account, audit()).await.unwrap());
    assert_eq!(records(&database).await, before + 1);
    let places = database.memberships(account).await.unwrap();
    assert_eq!(places.iter().map(|place| place.company.id).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(database.staff(id(1), 9).await.unwrap(), [employee(13, 1, 2)]);
}

async fn suspension_takes_a_company_out_of_reach_and_survives_a_seed(database: Database) {
    tenants(&database).await;
    let subject = Subject::Company(id(1));
    assert_eq!(database.standing(subject).await.unwrap(), Standing::Good);
    assert!(database.suspend_company(id(1), Some(NOW)).await.unwrap());
    assert!(!database.suspend_company(id(9), Some(NOW)).await.unwrap());
    database.put_company(&company(1), audit()).await.unwrap();
    assert_eq!(database.standing(subject).await.unwrap(), Standing::Suspended);
    let reached =
        database.companies(Reach::Organisation(organisation()), &PageQuery::default()).await.unwrap();
    assert_eq!(reached.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(2), id(3)]);
    assert_eq!(database.companies_of(organisation()).await.unwrap().len(), 3);
    assert!(database.suspend_company(id(1), None).await.unwrap());
    assert_eq!(database.standing(subject).await.unwrap(), Standing::Good);
    assert_eq!(database.standing(Subject::Organisation(organisation())).await.unwrap(), Standing::Good);
    assert_eq!(database.standing(Subject::Organisation(id(9))).await.unwrap(), Standing::Gone);
}

async fn companies_are_found_in_the_order_of_their_names(database: Database) {
    tenants(&database).await;
    for (number, name) in [(4, "Love Crème \"1\""), (5, "100% Øl"), (6, "under_score")] {
        let company = Company { name: name.to_owned(), ..company(number) };
        database.put_company(&company, audit()).await.unwrap();
    }
    database.suspend_company(id(2), Some(NOW)).await.unwrap();
    database.suspend_company(id(2), Some(NOW + Duration::from_secs(9))).await.unwrap();
    let found = async |text: &str, after: Option<CompanyId>, limit| {
        let found = database.find_companies(text, CompanySelection::All, after, limit).await.unwrap();
        found.into_iter().map(|listed| (listed.company.id, listed.organisation_name)).collect::<Vec<_>>()
    };
    let ids = |numbers: &[u32]| -> Vec<(CompanyId, String)> {
        numbers.iter().map(|number| (id(*number), "Love".to_owned())).collect()
    };
    assert_eq!(found("", None, 9).await, ids(&[5, 1, 4, 2, 3, 6]), "the like-named ones by id");
    assert_eq!(found("", Some(id(1)), 2).await, ids(&[4, 2]));
    assert_eq!(found("", Some(id(4)), 9).await, ids(&[2, 3, 6]));
    assert_eq!(found("", Some(id(6)), 9).await, []);
    for (text, numbers) in
        [("%", vec![5]), ("_", vec![6]), ("CRÈME", vec![1, 4, 2, 3]), ("Øl", vec![5]), ("\\", vec![])]
    {
        assert_eq!(found(text, None, 9).await, ids(&numbers), "{text}");
    }
    assert_eq!(found(&id::<CompanyId>(3).to_string(), None, 9).await, ids(&[3]));
    assert_eq!(found("love", None, 9).await.len(), 6, "by the organisation's name");
    let suspended = database.find_companies("", CompanySelection::Suspended, None, 9).await.unwrap();
    let times: Vec<_> = suspended.iter().map(|row| (row.company.id, row.company.suspended_at)).collect();
    assert_eq!(times, [(id(2), Some(NOW))], "the first time counts");
    let none = database.find_companies("Øl", CompanySelection::Suspended, None, 9).await.unwrap();
    assert_eq!(none, []);
    database.put_employee(&employee(11, 2, 1), audit()).await.unwrap();
    database.put_employee(&employee(12, 2, 2), audit()).await.unwrap();
    database.put_employee(&employee(13, 1, 2), audit()).await.unwrap();
    let staff = database.staff(id(2), 9).await.unwrap();
    assert_eq!(staff, [employee(11, 2, 1), employee(12, 2, 2)], "also of a suspended company");
    assert_eq!(database.staff(id(2), 1).await.unwrap().len(), 1);
}

async fn what_there_is_is_counted(database: Database) {
    assert_eq!(database.counts().await.unwrap(), Counts::default());
    tenants(&database).await;
    database.suspend_company(id(1), Some(NOW)).await.unwrap();
    let counts = Counts { companies: 3, suspended_companies: 1, ..Counts::default() };
    assert_eq!(database.counts().await.unwrap(), counts);
}

async fn the_keys_of_a_client_count_as_use_while_they_live(database: Database) {
    tenants(&database).await;
    let integrated = key(ApiKeyOrigin::Integrated { client_id: "books".to_owned() });
    database.add_api_key(&integrated, audit()).await.unwrap();
    database.note_key_used(integrated.key.id, NOW + Duration::from_secs(5)).await.unwrap();
    let usage =
        async |at: Timestamp| database.client_usage(&["books".into(), "other".into()], at, 9).await.unwrap();
    let used = ClientUsage {
        client_id: "books".into(),
        authorisations: Tally::NONE,
        api_keys: Tally { number: 1, is_all: true },
        last_used_at: Some(NOW + Duration::from_secs(5)),
    };
    assert_eq!(usage(NOW).await, [used]);
    assert_eq!(usage(NOW + Duration::from_mins(1)).await, [], "it has expired");
    database.revoke_api_key(integrated.key.id, NOW, audit()).await.unwrap();
    assert_eq!(usage(NOW).await, []);
}

async fn lists_are_paged_in_both_directions(database: Database) {
    tenants(&database).await;
    for number in 1..=5 {
        database.put_employee(&employee(10 + number, 1, number), audit()).await.unwrap();
    }
    database.put_employee(&employee(20, 2, 1), audit()).await.unwrap();
    let filter = EmployeeFilter { reach: Reach::Company(id(1)), email: None };
    let text = |number: u32| id::<platform::EmployeeId>(number).to_string();
    let page = async |position: Position, descending: bool| {
        let query = PageQuery { position, limit: 2, descending };
        let page = database.employees(&filter, &query).await.unwrap();
        assert_eq!(page.total, 5);
        let numbers: Vec<u32> = page
            .rows
            .iter()
            .map(|row| (11..=15).find(|n| id::<platform::EmployeeId>(*n) == row.id).unwrap())
            .collect();
        (numbers, page.has_previous, page.has_next)
    };
    assert_eq!(page(Position::Start, false).await, (vec![11, 12], false, true));
    assert_eq!(page(Position::After(text(12)), false).await, (vec![13, 14], true, true));
    assert_eq!(page(Position::After(text(14)), false).await, (vec![15], true, false));
    assert_eq!(page(Position::Before(text(15)), false).await, (vec![13, 14], true, true));
    assert_eq!(page(Position::Before(text(12)), false).await, (vec![11], false, true));
    assert_eq!(page(Position::Offset(4), false).await, (vec![15], true, false));
    assert_eq!(page(Position::Offset(9), false).await, (vec![], true, false));
    assert_eq!(page(Position::Start, true).await, (vec![15, 14], false, true));
    assert_eq!(page(Position::After(text(14)), true).await, (vec![13, 12], true, true));
    assert_eq!(page(Position::Before(text(12)), true).await, (vec![14, 13], true, true));
    let email = EmployeeFilter {
        reach: Reach::Organisation(organisation()),
        email: Some("PERSON1@example.com".to_owned()),
    };
    assert_eq!(database.employees(&email, &PageQuery::default()).await.unwrap().total, 2);
}

fn key(origin: ApiKeyOrigin) -> StoredApiKey {
    let (clock, entropy) = (ManualClock::new(), base::SystemEntropy);
    let hash = KeyedHash::make(
        &seal::testing::keys(&SeededEntropy::new(1)),
        "API key",
        b"row",
        &entropy.bytes::<16>(),
    );
    let key = ApiKey {
        id: ApiKeyId::new(&clock, &entropy),
        origin,
        subject: Subject::Company(id(1)),
        scope: "users:read companies:read".parse().unwrap(),
        last_four: "a1_-".to_owned(),
        created_by: Some(employee(1, 1, 1).account),
        created_at: NOW,
        expires_at: Some(NOW + Duration::from_mins(1)),
        last_used_at: None,
        revoked_at: None,
    };
    StoredApiKey { key, hash }
}

fn standalone(name: &str) -> StoredApiKey {
    key(ApiKeyOrigin::Standalone { name: name.to_owned() })
}

fn integrated() -> StoredApiKey {
    key(ApiKeyOrigin::Integrated { client_id: "books".to_owned() })
}

async fn an_api_key_comes_back_and_is_revoked_once(database: Database) {
    let made = standalone("Reporting");
    database.add_api_key(&made, audit()).await.unwrap();
    assert_eq!(database.api_key(made.key.id).await.unwrap(), Some(made.clone()));
    for (at, noted) in [(5, 5), (3, 5), (9, 9)] {
        database.note_key_used(made.key.id, Timestamp::from_seconds(at)).await.unwrap();
        let stored = database.api_key(made.key.id).await.unwrap().unwrap();
        assert_eq!(stored.key.last_used_at, Some(Timestamp::from_seconds(noted)));
    }
    assert_eq!(database.api_keys(Some(made.key.subject)).await.unwrap().len(), 1);
    assert_eq!(database.api_keys(Some(Subject::Company(id(2)))).await.unwrap(), []);
    assert!(database.revoke_api_key(made.key.id, NOW, audit()).await.unwrap());
    assert!(!database.revoke_api_key(made.key.id, NOW + Duration::from_secs(1), audit()).await.unwrap());
    assert_eq!(database.api_key(made.key.id).await.unwrap().unwrap().key.revoked_at, Some(NOW));
    assert_eq!(database.api_keys(None).await.unwrap(), []);
    assert_eq!(records(&database).await, 2, "the second revocation did nothing");
}

async fn one_integrated_key_is_live_however_many_are_made_at_once(database: Database) {
    let keys: Vec<_> = (0..8).map(|_| integrated()).collect();
    let made = join_all(keys.iter().map(|key| database.add_api_key(key, audit()))).await;
    assert!(made.iter().any(Result::is_ok));
    assert_eq!(database.api_keys(Some(Subject::Company(id(1)))).await.unwrap().len(), 1);
    let elsewhere =
        StoredApiKey { key: ApiKey { subject: Subject::Company(id(2)), ..integrated().key }, ..integrated() };
    database.add_api_key(&elsewhere, audit()).await.unwrap();
    let revoked =
        database.revoke_integrated_keys("books", Subject::Company(id(1)), NOW, audit()).await.unwrap();
    assert_eq!(revoked, 1);
    assert_eq!(
        database.revoke_integrated_keys("books", Subject::Company(id(1)), NOW, audit()).await.unwrap(),
        0
    );
    assert_eq!(database.api_keys(None).await.unwrap().len(), 1);
}

async fn an_installation_is_there_once_and_keeps_its_metadata(database: Database) {
    let subject = Subject::Company(id(1));
    let first = Installation {
        id: id::<InstallationId>(1),
        application_id: "books".to_owned(),
        subject,
        status: InstallationStatus::Authorized,
        error_code: None,
        metadata: Some(serde_json::json!({ "z": [1, null], "a": "\u{e9}" })),
        created_at: NOW,
        updated_at: NOW,
    };
    assert!(database.add_installation(&first, audit()).await.unwrap());
    let second = Installation { id: id(2), ..first.clone() };
    assert!(!database.add_installation(&second, audit()).await.unwrap());
    assert_eq!(database.installation("books", subject).await.unwrap(), Some(first.clone()));
    let change = InstallationChange {
        status: InstallationStatus::Error,
        error_code: Some(InstallationErrorCode::AuthError),
        metadata: None,
    };
    let later = NOW + Duration::from_secs(1);
    let changed = database.change_installation("books", subject, &change, later).await.unwrap().unwrap();
    let expected =
        Installation { status: change.status, error_code: change.error_code, updated_at: later, ..first };
    assert_eq!(changed, expected);
    assert_eq!(database.installations(subject).await.unwrap(), [expected]);
    assert_eq!(database.change_installation("other", subject, &change, later).await.unwrap(), None);
    assert!(database.remove_installation("books", subject, audit()).await.unwrap());
    assert!(!database.remove_installation("books", subject, audit()).await.unwrap());
    assert_eq!(records(&database).await, 2);
}

fn expense(number: u32) -> Expense {
    Expense {
        id: id(number),
        company: id(1),
        employee: None,
        kind: "invoice".to_owned(),
        amount_minor: -1_250,
        currency: "EUR".to_owned(),
        date: "2026-01-01".to_owned(),
        note: Some("Lunch".to_owned()),
        missing_contra_account: number == 3,
    }
}

fn job(number: u32, company: CompanyId, at: Timestamp) -> ExportJob {
    ExportJob {
        id: id(number),
        company,
        status: JobStatus::Pending,
        number_of_items: 2,
        is_interactive: true,
        vendor_based_bookkeeping: false,
        employee: None,
        created_by: "books".to_owned(),
        created_at: at,
        started_at: None,
        completed_at: None,
        expired_at: None,
        last_updated_at: at,
        failure: FailureReason::default(),
    }
}

async fn one_job_of_a_company_runs_however_many_are_made_at_once(database: Database) {
    let jobs: Vec<_> = (1..=8).map(|number| job(number, id(1), NOW)).collect();
    let items = [id(1), id(2)];
    let made = join_all(jobs.iter().map(|job| database.create_export_job(job, &items))).await;
    let created = made.into_iter().filter(|made| *made.as_ref().unwrap() == CreateJob::Created).count();
    assert_eq!(created, 1);
    let other = job(20, id(2), NOW);
    assert_eq!(database.create_export_job(&other, &items).await.unwrap(), CreateJob::Created);
    assert_eq!(database.export_job(other.id).await.unwrap(), Some(other));
    let filter = JobFilter { company: id(1), statuses: Vec::new(), now: NOW };
    assert_eq!(database.export_jobs(&filter, &PageQuery::default()).await.unwrap().total, 1);
}

async fn an_expired_job_makes_room_and_counts_as_failed(database: Database) {
    let first = job(1, id(1), NOW);
    database.create_export_job(&first, &[id(1)]).await.unwrap();
    let count = async |now: Timestamp, statuses: &[JobStatus]| {
        let filter = JobFilter { company: id(1), statuses: statuses.to_vec(), now };
        database.export_jobs(&filter, &PageQuery::default()).await.unwrap().total
    };
    let (before, after) = (NOW + JOB_LIFE - Duration::from_millis(1), NOW + JOB_LIFE);
    assert_eq!(count(before, &[JobStatus::Pending]).await, 1);
    assert_eq!(count(before, &[JobStatus::Failed, JobStatus::Completed]).await, 0);
    assert_eq!(count(after, &[JobStatus::Pending, JobStatus::InProgress]).await, 0);
    assert_eq!(count(after, &[JobStatus::Failed]).await, 1);
    let early = job(2, id(1), before);
    assert_eq!(database.create_export_job(&early, &[id(1)]).await.unwrap(), CreateJob::AlreadyRunning);
    let late = job(3, id(1), after);
    assert_eq!(database.create_export_job(&late, &[id(1)]).await.unwrap(), CreateJob::Created);
    let stored = database.export_job(first.id).await.unwrap().unwrap();
    assert_eq!(stored, first.seen_at(after), "what the database wrote is what the rule says");
}

async fn a_job_moves_only_from_where_it_was_seen(database: Database) {
    database.create_export_job(&job(1, id(1), NOW), &[id(1)]).await.unwrap();
    let step = |from, event, to, at| JobStep {
        job: id::<ExportJobId>(1),
        from,
        event,
        to,
        failure: FailureReason::default(),
        at,
    };
    let late = step(JobStatus::Pending, JobEvent::Started, JobStatus::InProgress, NOW + JOB_LIFE);
    assert_eq!(database.step_export_job(&late).await.unwrap(), EventOutcome::NotThere);
    let start =
        step(JobStatus::Pending, JobEvent::Started, JobStatus::InProgress, NOW + Duration::from_secs(1));
    assert_eq!(database.step_export_job(&start).await.unwrap(), EventOutcome::Moved);
    assert_eq!(database.step_export_job(&start).await.unwrap(), EventOutcome::NotThere);
    let finish =
        step(JobStatus::InProgress, JobEvent::Completed, JobStatus::Completed, NOW + Duration::from_secs(2));
    assert_eq!(database.step_export_job(&finish).await.unwrap(), EventOutcome::Moved);
    let stored = database.export_job(id(1)).await.unwrap().unwrap();
    assert_eq!((stored.started_at, stored.completed_at), (Some(start.at), Some(finish.at)));
    assert_eq!(stored.last_updated_at, finish.at);
}

async fn items_change_while_the_job_runs(database: Database) {
    for number in 1..=3 {
        database.put_expense(&expense(number)).await.unwrap();
    }
    assert_eq!(database.expenses(id(1), &[id(1), id(3), id(9)]).await.unwrap(), [expense(1), expense(3)]);
    assert_eq!(database.expenses(id(2), &[id(1)]).await.unwrap(), []);
    database.create_export_job(&job(1, id(1), NOW), &[id(1), id(2)]).await.unwrap();
    let items = database.export_items(id(1), &PageQuery::default()).await.unwrap();
    assert_eq!(items.rows, [expense(1), expense(2)]);
    let report = ItemReport {
        exported_at: Some(NOW),
        external_id: Some("INV-1".to_owned()),
        external_url: Some("https://books.example/1".to_owned()),
        failure: FailureReason {
            sentence: Some("Closed".to_owned()),
            kind: Some("validation_failure".to_owned()),
        },
    };
    let update = |number: u32| ItemUpdate {
        expense: id::<ExpenseId>(number),
        status: ItemStatus::Failed,
        report: report.clone(),
    };
    let at = NOW + Duration::from_secs(10);
    let outcome = database.update_export_items(id(1), &[update(1), update(3)], at).await.unwrap();
    let ItemsOutcome::Applied(changes) = outcome else { panic!("{outcome:?}") };
    let [ItemChange::Changed(item), ItemChange::Unknown(unknown)] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (item.status, &item.report, item.updated_at, *unknown),
        (ItemStatus::Failed, &report, at, id(3))
    );
    assert_eq!(database.export_job(id(1)).await.unwrap().unwrap().last_updated_at, at);
    let failed =
        database.export_job_items(id(1), Some(ItemStatus::Failed), &PageQuery::default()).await.unwrap();
    assert_eq!((failed.rows.as_slice(), failed.total), (std::slice::from_ref(item), 1));
    assert_eq!(database.export_job_items(id(1), None, &PageQuery::default()).await.unwrap().total, 2);
    let expired = database.update_export_items(id(1), &[update(2)], at + JOB_LIFE).await.unwrap();
    assert_eq!(expired, ItemsOutcome::Finished);
    let pending =
        database.export_job_items(id(1), Some(ItemStatus::Pending), &PageQuery::default()).await.unwrap();
    assert_eq!(pending.total, 1, "nothing was changed");
}
