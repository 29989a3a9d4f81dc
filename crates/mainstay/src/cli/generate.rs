use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::EnvironmentChoice;
use crate::configuration::Flags;

/// `mainstay generate …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Generate {
    /// Live authorisations at the platform, of a client made for them
    Authorisations(Generation),
}

/// What to generate.
#[derive(Debug, Args)]
pub(crate) struct Generation {
    /// How many
    #[arg(long)]
    pub(crate) count: usize,
    /// Where to write what is needed to use them, a JSON object a line; the file must not exist yet
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The Pleo environment that this deployment belongs to; must be staging
    #[arg(long, value_enum, value_name = "ENVIRONMENT")]
    pub(crate) environment: Option<EnvironmentChoice>,
}

impl Generate {
    /// Adds this command's own options to the layer.
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        let Self::Authorisations(generation) = self;
        if let Some(environment) = generation.environment {
            flags.values.insert("environment", vec![environment.word().to_owned()]);
        }
    }
}
