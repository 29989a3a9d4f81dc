//! From the command line to what carries it out.

use crate::cli::{Cli, Command, Config, Keys, Platform, Sandbox, Serve};
use crate::configuration::{Configuration, shown};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::{
    audit_log, commands, demo, generate, recover, runtime, seeds, servers, short, telemetry, upkeep,
};

/// Carries out one command.
pub(crate) fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let environment = Environment::read()?;
    let mut flags = cli.common.flags();
    match &cli.command {
        Command::Serve(Serve { server }) | Command::Platform(Platform::Serve(server)) => {
            server.add_to(&mut flags);
        }
        Command::Sandbox(Sandbox::Serve(server)) => server.add_to(&mut flags),
        Command::Generate(generate) => generate.add_to(&mut flags),
        _ => {}
    }
    if let Command::Demo(options) = &cli.command {
        return demo::run(options, &cli.common, &flags, &environment);
    }
    let (configuration, layers) = Configuration::from_outside(&flags, &environment)?;
    let serves = matches!(
        cli.command,
        Command::Serve(_) | Command::Platform(Platform::Serve(_)) | Command::Sandbox(_)
    );
    telemetry::start_logging(configuration.log.as_deref(), serves)?;
    let json = cli.common.json;
    let short = |request: Request| runtime::run(short::run(&configuration, request))?.print(json);
    match &cli.command {
        Command::Demo(_) => unreachable!("it was taken care of above"),
        Command::Serve(_) => runtime::run(servers::connect(&configuration)),
        Command::Sandbox(Sandbox::Serve(options)) => {
            let seeds = options.seed.as_deref().map(seeds::read).transpose()?.unwrap_or_default();
            runtime::run(servers::sandbox(&configuration, &seeds))
        }
        Command::Platform(command) => match commands::platform(command)? {
            None => runtime::run(servers::platform(&configuration)),
            Some(request) => short(request),
        },
        Command::Connections(command) => short(commands::connections(command)),
        Command::Clients(command) => short(commands::clients(command)?),
        Command::Operators(command) => short(commands::operators(command)?),
        Command::Tokens(command) => short(commands::tokens(command)),
        Command::Recover(command) => runtime::run(recover::run(&configuration, *command))?.print(json),
        Command::Audit(command) => {
            match runtime::run(async { audit_log::run(&configuration, command).await })? {
                Some((output, result)) => output.print(json).and(result),
                None => Ok(()),
            }
        }
        Command::Providers(command) => upkeep::providers(&configuration, command)?.print(json),
        Command::Keys(Keys::Status(choice)) => upkeep::keys_status(&configuration, choice.side)?.print(json),
        Command::Generate(command) => runtime::run(generate::run(&configuration, command))?.print(json),
        Command::Migrate(choice) => runtime::run(upkeep::migrate(&configuration, choice.side))?.print(json),
        Command::Config(config) => shown_configuration(*config, &configuration, &layers)?.print(json),
        Command::Doctor => runtime::run(async {
            let (output, result) = upkeep::doctor(&configuration).await;
            output.print(json)?;
            result
        }),
    }
}

fn shown_configuration(
    config: Config,
    configuration: &Configuration,
    layers: &crate::configuration::Layers,
) -> Result<Output, Failure> {
    let catalogue = crate::wiring::connect::catalogue(configuration)?;
    crate::wiring::connect::overrides(configuration, &catalogue)?;
    Ok(match config {
        Config::Check => {
            Output::of(serde_json::json!({"ok": true})).with_note("The configuration holds together.")
        }
        Config::Show => Output::members(shown(layers), &["name", "value", "source"]),
    })
}
