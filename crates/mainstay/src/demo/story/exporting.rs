use http::Method;
use serde_json::{Value, json};

use super::connecting::Wanted;
use super::world::{World, expect, expect_member, text};
use crate::demo::accounting_cast::Books;
use crate::demo::browser::{Seen, Unexpected};
use crate::demo::cast::EXPENSES;
use crate::demo::report::Report;
use crate::failure::Failure;
use sandbox::StandinKind;

/// Exports the company's expenses through the connection: made at Pleo, booked in the accounting system, marked at Pleo.
pub(super) async fn export(
    world: &World<'_>,
    report: &mut Report,
    id: &str,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let (job, items) =
        report.step("an export is started at Pleo through the proxy", begin(world, id, wanted)).await?;
    let title = format!("the expenses are booked in {} through the proxy", wanted.books.name);
    let booked = report.step(&title, book(world, id, wanted, &items)).await?;
    report
        .step("they are in the right books and in no others", in_the_right_books(world, id, wanted, &items))
        .await?;
    report.step("Pleo is told, and calls the export complete", finish(world, id, &job, &booked)).await
}

/// A call to Pleo through the proxy.
async fn pleo(
    world: &World<'_>,
    id: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Seen, Unexpected> {
    world.proxied(method, id, "platform", path, body).await
}

async fn begin(
    world: &World<'_>,
    id: &str,
    wanted: &Wanted,
) -> Result<((String, Vec<Value>), String), Unexpected> {
    let expenses: Vec<&str> = EXPENSES
        .iter()
        .filter(|expense| expense.company.id == wanted.company.id)
        .map(|expense| expense.id)
        .collect();
    let body =
        json!({"companyId": wanted.company.id, "accountingEntryIds": expenses, "isInteractive": false});
    let made = pleo(world, id, Method::POST, "v3/export-jobs", Some(&body)).await?.expect(201)?.json()?;
    let job = text(&made["data"]["id"]).ok_or_else(|| Unexpected::new("the export job has no id"))?;
    let started = json!({"jobId": job, "event": "started"});
    pleo(world, id, Method::POST, "v3/export-job-events", Some(&started)).await?.expect(202)?;
    let items = pleo(world, id, Method::GET, &format!("v3/export-items?job_id={job}"), None)
        .await?
        .expect(200)?
        .json()?;
    let items = items["data"].as_array().cloned().unwrap_or_default();
    expect(items.len() == expenses.len(), format!("{} of {} expenses came", items.len(), expenses.len()))?;
    let seen = format!("job {job} with {} expenses", items.len());
    Ok(((job, items), seen))
}

/// Hundredths as a decimal number.
fn decimal(minor: i64) -> Value {
    let text = format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
    serde_json::from_str(&text).expect("digits and a point are a number")
}

/// An expense as the accounting system wants an entry.
fn entry(wanted: &Wanted, item: &Value) -> Result<(&'static str, Value), Unexpected> {
    let minors =
        item["amount"]["minors"].as_i64().ok_or_else(|| Unexpected::new("an expense has no amount"))?;
    let what = format!(
        "{} {}",
        text(&item["note"]).unwrap_or_default(),
        text(&item["accountingEntryId"]).unwrap_or_default()
    );
    match wanted.system.kind {
        StandinKind::Xero => Ok((
            "api.xro/2.0/ManualJournals",
            json!({"Narration": what, "JournalLines": [
                {"LineAmount": decimal(minors), "AccountCode": "429"},
                {"LineAmount": decimal(-minors), "AccountCode": "877"},
            ]}),
        )),
        StandinKind::Fortnox => Ok((
            "vouchers",
            json!({"Voucher": {"Description": what, "VoucherSeries": "A", "TransactionDate": item["date"], "VoucherRows": [
                {"Account": 5800, "Debit": decimal(minors)},
                {"Account": 2890, "Credit": decimal(minors)},
            ]}}),
        )),
        other => Err(Unexpected(format!("the walk has no entry for {other}"))),
    }
}

async fn book(
    world: &World<'_>,
    id: &str,
    wanted: &Wanted,
    items: &[Value],
) -> Result<(Vec<(String, String)>, String), Unexpected> {
    let mut booked = Vec::new();
    for item in items {
        let (path, entry) = entry(wanted, item)?;
        let answer = world.proxied(Method::POST, id, "accounting", path, Some(&entry)).await?;
        expect(
            answer.status.is_success(),
            format!("{} was answered {}: {}", answer.place(), answer.status, answer.text()),
        )?;
        let answer = answer.json()?;
        let number = ["/ManualJournals/0/ManualJournalID", "/Voucher/VoucherNumber"]
            .iter()
            .find_map(|pointer| answer.pointer(pointer).and_then(text));
        let number = number.ok_or_else(|| Unexpected::new("the entry came back without a number"))?;
        booked.push((text(&item["accountingEntryId"]).unwrap_or_default(), number));
    }
    let seen =
        format!("{} entries, the last one {}", booked.len(), booked.last().map_or("", |(_, number)| number));
    Ok((booked, seen))
}

/// How many entries a company's books hold, asked for at the accounting system itself with the token that was lent.
async fn entries(
    world: &World<'_>,
    wanted: &Wanted,
    token: &str,
    books: &Books,
) -> Result<Option<Vec<Value>>, Unexpected> {
    let (path, list, header) = match wanted.system.kind {
        StandinKind::Xero => ("/api.xro/2.0/ManualJournals", "/ManualJournals", Some("xero-tenant-id")),
        _ => ("/3/vouchers", "/Vouchers", None),
    };
    if header.is_none() && books.id != wanted.books.id {
        // A grant that reaches one company cannot be asked about another.
        return Ok(None);
    }
    let headers: Vec<(&'static str, &str)> = header.map(|header| (header, books.id)).into_iter().collect();
    let url = world.stand_in(wanted.system.kind.id(), path);
    let found = world.bearer(token).call(Method::GET, &url, None, &headers).await?.expect(200)?.json()?;
    Ok(Some(found.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default()))
}

async fn in_the_right_books(
    world: &World<'_>,
    id: &str,
    wanted: &Wanted,
    items: &[Value],
) -> Result<((), String), Unexpected> {
    let lent = world.token(id, "accounting").await?;
    let token = text(&lent["access_token"]).ok_or_else(|| Unexpected::new("no access token was lent"))?;
    let mut seen = Vec::new();
    for books in wanted.system.books {
        let Some(found) = entries(world, wanted, &token, books).await? else { continue };
        let has = |item: &Value| {
            let expense = text(&item["accountingEntryId"]).unwrap_or_default();
            found.iter().any(|entry| entry.to_string().contains(&expense))
        };
        let right = books.id == wanted.books.id;
        let held = if right { items.iter().all(has) } else { !items.iter().any(has) };
        expect(
            held,
            format!("the books of {} hold {} entries, and not what they should", books.name, found.len()),
        )?;
        seen.push(format!("{}: {}", books.name, found.len()));
    }
    Ok(((), seen.join(", ")))
}

async fn finish(
    world: &World<'_>,
    id: &str,
    job: &str,
    booked: &[(String, String)],
) -> Result<((), String), Unexpected> {
    let items: Vec<Value> = booked
        .iter()
        .map(|(expense, number)| json!({"accountingEntryId": expense, "status": "successful", "externalId": number}))
        .collect();
    let path = format!("v3/export-jobs/{job}/items");
    let changed =
        pleo(world, id, Method::PUT, &path, Some(&Value::Array(items))).await?.expect(200)?.json()?;
    expect(changed["errors"].as_array().is_none_or(Vec::is_empty), "Pleo did not take all items")?;
    let completed = json!({"jobId": job, "event": "completed"});
    pleo(world, id, Method::POST, "v3/export-job-events", Some(&completed)).await?.expect(202)?;
    let found = pleo(world, id, Method::GET, &path, None).await?.expect(200)?.json()?;
    let successful = found["data"].as_array().is_some_and(|items| {
        items.len() == booked.len()
            && items.iter().all(|item| item["status"] == "successful" && !item["externalId"].is_null())
    });
    expect(successful, "not all items are marked successful")?;
    let found =
        pleo(world, id, Method::GET, &format!("v3/export-jobs/{job}"), None).await?.expect(200)?.json()?;
    expect_member(&found, "/data/status", &json!("completed"))?;
    Ok(((), format!("{} items successful, job completed", booked.len())))
}
