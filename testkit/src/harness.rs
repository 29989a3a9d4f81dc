//! A test binary whose cases are made at run time (a case for each database), and whose last lines say what was left out and why.
//!
//! ```toml
//! [[test]]
//! name = "it"
//! harness = false
//! ```

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{Missing, Part, is_required};

/// How a case ended, other than by a panic or an error.
type CaseResult = Result<(), CaseError>;

/// Why a case did not pass.
#[derive(Debug)]
pub enum CaseError {
    /// It could not be run here.
    LeftOut(Missing),
    /// It failed.
    Failed(String),
}

impl From<Missing> for CaseError {
    fn from(missing: Missing) -> Self {
        Self::LeftOut(missing)
    }
}

/// The cases of a test binary.
#[derive(Default)]
pub struct Cases {
    trials: Vec<Trial>,
    left_out: Arc<Mutex<BTreeMap<Part, (u32, String)>>>,
}

impl Cases {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a case. It fails by a panic or an error, and is left out if it says that a part is missing which is not required.
    pub fn case(&mut self, name: impl Into<String>, run: impl FnOnce() -> CaseResult + Send + 'static) {
        let left_out = Arc::clone(&self.left_out);
        self.trials.push(Trial::ignorable_test(name, move || match run() {
            Ok(()) => Ok(Completion::Completed),
            Err(CaseError::Failed(reason)) => Err(Failed::from(reason)),
            Err(CaseError::LeftOut(missing)) if is_required(missing.part) => {
                Err(Failed::from(format!("{missing}, and MAINSTAY_TEST_REQUIRE asks for it")))
            }
            Err(CaseError::LeftOut(missing)) => {
                let reason = missing.to_string();
                let mut left_out = left_out.lock().unwrap_or_else(PoisonError::into_inner);
                left_out.entry(missing.part).or_insert((0, reason)).0 += 1;
                Ok(Completion::ignored_with(missing.reason))
            }
        }));
    }

    /// Adds an asynchronous case, run on a runtime of its own with two threads.
    pub fn asynchronous<F>(&mut self, name: impl Into<String>, case: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = CaseResult>,
    {
        self.case(name, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|error| CaseError::Failed(format!("no runtime: {error}")))?;
            let result = runtime.block_on(case());
            // What a failed case left behind must not hold up the others.
            runtime.shutdown_background();
            result
        });
    }

    /// Runs what the command line asks for, as `cargo test` and nextest expect it, and says what was left out.
    #[expect(clippy::print_stdout, reason = "the report of a test run")]
    pub fn run(self) -> ExitCode {
        let conclusion = libtest_mimic::run(&Arguments::from_args(), self.trials);
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        for (part, (count, reason)) in left_out.iter() {
            let cases = if *count == 1 { "case" } else { "cases" };
            println!("LEFT OUT: {count} {cases}, because {reason}.");
            println!("          With MAINSTAY_TEST_REQUIRE={} that is a failure.\n", part.name());
        }
        conclusion.exit_code()
    }
}

/// For cases whose errors are of many kinds.
pub fn failed(error: impl Debug) -> CaseError {
    CaseError::Failed(format!("{error:?}"))
}
