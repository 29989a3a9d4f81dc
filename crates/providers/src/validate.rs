use url::Url;

use crate::template::variables;
use crate::{
    ApiKeyRule, CompanyList, CompanySearch, NewRefreshToken, OldRefreshToken, Placement, Provider, Question,
    RevocationCall,
};

/// The key that is wrong, and why.
type Finding = (String, String);

fn wrong<T>(key: impl Into<String>, cause: impl Into<String>) -> Result<T, Finding> {
    Err((key.into(), cause.into()))
}

/// What types alone cannot say: values that must fit each other.
pub(crate) fn validate(provider: &Provider) -> Result<(), Finding> {
    if provider.name.trim().is_empty() {
        return wrong("name", "people need a name");
    }
    if provider.oauth.is_none() && provider.api_key.is_none() {
        return wrong("oauth", "neither `oauth` nor `api_key` is given: nothing could ever be connected");
    }
    if provider.oauth.is_some() != provider.rotation.is_some() {
        return wrong("rotation", "`rotation` is given exactly where `oauth` is");
    }
    if provider.terminal_errors.is_empty() {
        return wrong("terminal_errors", "without one no grant could ever be seen to have ended");
    }
    environments(provider)?;
    rotation(provider)?;
    company(provider)?;
    path("probe", &provider.probe)?;
    for (index, limit) in provider.rate_limits.iter().enumerate() {
        if limit.requests == 0 || limit.per_seconds == 0 {
            return wrong(format!("rate_limits[{index}]"), "a limit of nothing allows nothing");
        }
    }
    match &provider.api_key {
        Some(ApiKeyRule::Headers(headers)) if headers.is_empty() => {
            wrong("api_key.headers", "no header is named")
        }
        _ => Ok(()),
    }
}

fn environments(provider: &Provider) -> Result<(), Finding> {
    if !provider.environments.contains_key(&provider.default_environment) {
        return wrong(
            "default_environment",
            format!("there is no `environments.{}`", provider.default_environment),
        );
    }
    for (name, environment) in &provider.environments {
        let key = |field: &str| format!("environments.{name}.{field}");
        let urls = [
            ("authorize_url", environment.authorize_url.as_ref()),
            ("token_url", environment.token_url.as_ref()),
            ("introspect_url", environment.introspect_url.as_ref()),
            ("revoke_url", environment.revoke_url.as_ref()),
            ("api_url", Some(&environment.api_url)),
        ];
        for (field, url) in urls.iter().filter_map(|(field, url)| url.map(|url| (field, url))) {
            address(&key(field), url)?;
        }
        if provider.oauth.is_some()
            && (environment.authorize_url.is_none() || environment.token_url.is_none())
        {
            return wrong(key("token_url"), "OAuth needs `authorize_url` and `token_url`");
        }
        let asks =
            provider.rotation.as_ref().is_some_and(|rotation| rotation.question == Question::Introspect);
        if asks && environment.introspect_url.is_none() {
            return wrong(
                key("introspect_url"),
                "`rotation.question` is \"introspect\", so the endpoint must be known",
            );
        }
        let posts = provider
            .revocation
            .as_ref()
            .is_some_and(|revocation| !matches!(revocation.call, RevocationCall::Delete(_)));
        if posts && environment.revoke_url.is_none() {
            return wrong(key("revoke_url"), "`revocation.call` posts to it, so it must be known");
        }
    }
    Ok(())
}

fn address(key: &str, url: &Url) -> Result<(), Finding> {
    let fine = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    if fine {
        Ok(())
    } else {
        wrong(key, "an http or https address without user, password and fragment is wanted")
    }
}

fn rotation(provider: &Provider) -> Result<(), Finding> {
    let Some(rotation) = &provider.rotation else { return Ok(()) };
    if rotation.access_token_seconds == 0 {
        return wrong("rotation.access_token_seconds", "an access token lives longer than nothing");
    }
    if rotation.request_deadline_seconds == 0 {
        return wrong("rotation.request_deadline_seconds", "a request needs time");
    }
    if rotation.new_refresh_token == NewRefreshToken::Never
        && rotation.old_refresh_token != OldRefreshToken::Lives
    {
        return wrong(
            "rotation.old_refresh_token",
            "where no new refresh token ever comes the old one must go on: \"lives\"",
        );
    }
    if rotation.idle_limit_is_floor && rotation.idle_limit_seconds.is_none() {
        return wrong("rotation.idle_limit_is_floor", "a floor needs `idle_limit_seconds`");
    }
    if rotation.question == Question::Probe && !rotation.old_access_token_dies {
        return wrong(
            "rotation.question",
            "\"probe\" tells nothing where a refresh leaves the old access token alive",
        );
    }
    Ok(())
}

fn company(provider: &Provider) -> Result<(), Finding> {
    let rule = &provider.company;
    match &rule.found_by {
        CompanySearch::RedirectParameter(name) if name.is_empty() => {
            return wrong("company.found_by.redirect_parameter", "the parameter has no name");
        }
        CompanySearch::RedirectParameter(_) => {}
        CompanySearch::List(list) => company_list("company.found_by.list", list)?,
        CompanySearch::Single(list) => company_list("company.found_by.single", list)?,
    }
    if let Some(details) = &rule.details {
        path("company.details.path", &details.path)?;
        pointer("company.details.name", &details.name)?;
    }
    match &rule.placed_in {
        Placement::Header(name) | Placement::Query(name) if name.is_empty() => {
            wrong("company.placed_in", "it has no name")
        }
        Placement::PathPrefix(template) => {
            path("company.placed_in.path_prefix", template)?;
            if variables(template).is_ok_and(|names| names.contains(&"id")) {
                Ok(())
            } else {
                wrong("company.placed_in.path_prefix", "the company's `{id}` is missing in it")
            }
        }
        _ => Ok(()),
    }
}

fn company_list(key: &str, list: &CompanyList) -> Result<(), Finding> {
    path(&format!("{key}.path"), &list.path)?;
    pointer(&format!("{key}.items"), &list.items)?;
    pointer(&format!("{key}.id"), &list.id)?;
    for (field, value) in
        [("name", &list.name), ("country", &list.country), ("registration_number", &list.registration_number)]
    {
        if let Some(value) = value {
            pointer(&format!("{key}.{field}"), value)?;
        }
    }
    let known: Vec<&str> =
        list.within.iter().flat_map(|within| within.variables.keys().map(String::as_str)).collect();
    for name in variables(&list.path).map_err(|error| (format!("{key}.path"), error.to_string()))? {
        if !known.contains(&name) {
            return wrong(format!("{key}.path"), format!("nothing gives `{{{name}}}` a value"));
        }
    }
    if let Some(within) = &list.within {
        path(&format!("{key}.within.path"), &within.path)?;
        for (name, value) in &within.variables {
            pointer(&format!("{key}.within.variables.{name}"), value)?;
        }
    }
    if let Some(template) = &list.id_template {
        for name in variables(template).map_err(|error| (format!("{key}.id_template"), error.to_string()))? {
            if name != "id" && !known.contains(&name) && !list.variables.contains_key(name) {
                return wrong(format!("{key}.id_template"), format!("nothing gives `{{{name}}}` a value"));
            }
        }
    }
    Ok(())
}

fn path(key: &str, path: &str) -> Result<(), Finding> {
    if !path.starts_with('/') {
        return wrong(key, "a path starts with `/`");
    }
    variables(path).map_err(|error| (key.to_owned(), error.to_string()))?;
    Ok(())
}

fn pointer(key: &str, pointer: &str) -> Result<(), Finding> {
    if pointer.is_empty() || pointer.starts_with('/') {
        Ok(())
    } else {
        wrong(key, "a JSON pointer (RFC 6901) is empty or starts with `/`")
    }
}
