//! What the things of the resource APIs look like on the wire.

use platform::{Company, Employee, Expense, ExportJob, ExportJobItem, Installation, JOB_LIFE};
use serde_json::{Value, json};

pub(super) fn company(company: &Company) -> Value {
    json!({
        "id": company.id,
        "name": company.name,
        "organizationId": company.organisation,
        "registrationNumber": company.registration_number,
        "address": {
            "addressLine1": null, "addressLine2": null, "country": company.country, "locality": null,
            "postalCode": null, "region": null,
        },
    })
}

pub(super) fn employee(employee: &Employee) -> Value {
    json!({
        "id": employee.id,
        "companyId": employee.company,
        "email": employee.email,
        "firstName": employee.first_name,
        "lastName": employee.last_name,
        "code": null, "jobTitle": null, "phone": null,
    })
}

pub(super) fn installation(installation: &Installation) -> Value {
    let mut value = json!({
        "id": installation.id,
        "applicationId": installation.application_id,
        "resource": installation.subject.to_string(),
        "status": installation.status,
        "metadata": installation.metadata,
        "createdAt": installation.created_at,
        "updatedAt": installation.updated_at,
    });
    if let (Some(code), Some(members)) = (installation.error_code, value.as_object_mut()) {
        members.insert("errorCode".to_owned(), json!(code));
    }
    value
}

pub(super) fn export_job(job: &ExportJob) -> Value {
    json!({
        "id": job.id,
        "companyId": job.company,
        "status": job.status.as_str(),
        "numberOfItems": job.number_of_items,
        "isInteractive": job.is_interactive,
        "vendorBasedBookkeeping": job.vendor_based_bookkeeping,
        "employeeId": job.employee,
        "expiresIn": JOB_LIFE.as_secs(),
        "createdAt": job.created_at,
        "createdBy": job.created_by,
        "startedAt": job.started_at,
        "completedAt": job.completed_at,
        "expiredAt": job.expired_at,
        "lastUpdatedAt": job.last_updated_at,
        "failureReason": job.failure.sentence,
        "failureReasonType": job.failure.kind,
    })
}

pub(super) fn export_job_item(item: &ExportJobItem) -> Value {
    json!({
        "accountingEntryId": item.expense,
        "status": item.status.as_str(),
        "exportedAt": item.report.exported_at,
        "externalId": item.report.external_id,
        "externalUrl": item.report.external_url,
        "failureReason": item.report.failure.sentence,
        "failureReasonType": item.report.failure.kind,
        "lastUpdatedAt": item.updated_at,
    })
}

pub(super) fn export_item(expense: &Expense) -> Value {
    json!({
        "accountingEntryId": expense.id,
        "companyId": expense.company,
        "employeeId": expense.employee,
        "type": expense.kind,
        "date": expense.date,
        "amount": { "minors": expense.amount_minor, "currency": expense.currency },
        "note": expense.note,
        "files": [],
    })
}
