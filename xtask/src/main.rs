//! Tasks of the project. `cargo xtask tidy` checks the rules of the house that a machine can check.

mod tidy;
mod tree;

use std::process::ExitCode;

use tree::Tree;

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]
fn main() -> ExitCode {
    if std::env::args().skip(1).collect::<Vec<_>>() != ["tidy"] {
        eprintln!("usage: cargo xtask tidy");
        return ExitCode::from(2);
    }
    let tree = match Tree::of_the_repository() {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("the repository cannot be read: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let violations = tidy::check(&tree);
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("tidy: {} files, nothing to mend", tree.len());
        ExitCode::SUCCESS
    } else {
        println!("tidy: {} to mend", violations.len());
        ExitCode::FAILURE
    }
}
