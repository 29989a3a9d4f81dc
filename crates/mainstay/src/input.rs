//! Secrets that a command is given: from a file or from standard input, never from the command line, which every user of
//! the machine can read.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use base::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::failure::Failure;
use crate::output;

/// Longer than any secret; what is longer is some other file.
const LONGEST: u64 = 64 * 1024;

/// The secret in `file`, or on standard input where there is none. `what` is `password` or `client secret`.
pub(crate) fn secret(file: Option<&Path>, what: &str, option: &str) -> Result<Secret<String>, Failure> {
    if let Some(path) = file {
        return crate::configuration::secret_from_file(path, option).map(Secret::new);
    }
    let remedy = format!("send it on standard input, for example `… < {}`", what.replace(' ', "-"));
    let text = read_line_or_all(what)
        .map_err(|error| Failure::new(format!("the {what} cannot be read"), error, remedy.clone()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(format!("no {what} was given"), "standard input is empty", remedy));
    }
    Ok(Secret::new(text.to_owned()))
}

/// From a person: one line that is not shown while it is typed. From a program: everything.
fn read_line_or_all(what: &str) -> io::Result<String> {
    let stdin = io::stdin();
    let mut text = String::new();
    if !stdin.is_terminal() {
        stdin.lock().take(LONGEST).read_to_string(&mut text)?;
        return Ok(text);
    }
    output::remark(&format!("{what}:"));
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes -= LocalModes::ECHO;
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let read = stdin.read_line(&mut text);
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    read.map(|_| text)
}

/// The text of a seed file.
pub(crate) fn file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new(
            format!("the seed file {} cannot be read", path.display()),
            error,
            "name a TOML file that this user can read",
        )
    })
}
