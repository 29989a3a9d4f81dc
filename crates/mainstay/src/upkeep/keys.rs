use seal::KeyRing;
use serde_json::json;

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::output::Output;
use crate::side::Side;

/// Which keys each side's key file holds, and which one seals. Reads files only, so it works while servers run.
pub(crate) fn status(configuration: &Configuration, side: Option<Side>) -> Result<Output, Failure> {
    let mut names: Vec<String> = match side {
        Some(side) if side != Side::Sandbox => vec![side.as_str().to_owned()],
        _ => std::fs::read_dir(configuration.data.join("keys"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".keys")?.to_owned()))
            .filter(|name| side.is_none() || name.starts_with(Side::Sandbox.as_str()))
            .collect(),
    };
    names.sort();
    if names.is_empty() {
        return Err(Failure::new(
            "there are no keys here",
            format!("{} holds no key file", configuration.data.join("keys").display()),
            "give the directory of the data with `--data DIR`; the first start on an empty place makes a key",
        ));
    }
    let mut rows = Vec::new();
    for name in names {
        let path = configuration.key_file(&name);
        let ring = KeyRing::open(&path).map_err(|error| {
            Failure::new(
                format!("the keys of {name} cannot be shown"),
                error,
                "`mainstay doctor` looks at all of them",
            )
        })?;
        rows.extend(ring.ids().map(|id| {
            json!({"file": path.display().to_string(), "key": id.as_str(), "use": if id == ring.primary() { "seals and opens" } else { "opens" }})
        }));
    }
    Ok(Output::list(rows, &["file", "key", "use"]))
}
