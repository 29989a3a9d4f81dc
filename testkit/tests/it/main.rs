//! What the harness promises, seen from outside: this binary runs itself as a child.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Duration;

use testkit::databases::{Cluster, Durability, Kind, Place};
use testkit::harness::{CaseError, Cases};

/// The argument that makes this binary the process that starts a cluster and is killed.
const HOLDER: &str = "hold-a-cluster";
/// The argument that makes this binary a harness of two cases.
const INNER: &str = "inner";

fn main() -> ExitCode {
    let mut cases = Cases::new();
    match std::env::args().nth(1).as_deref() {
        Some(HOLDER) => return hold_a_cluster(),
        Some(name) if name.starts_with(INNER) => {
            cases.case("inner_with_postgres", || {
                Place::new(Kind::Postgres)?;
                Ok(())
            });
            cases.case("inner_without", || Ok(()));
        }
        _ => {
            cases.case("harness::what_is_left_out_is_said_at_the_end", || {
                what_is_left_out_is_said_at_the_end();
                Ok(())
            });
            cases.case("cluster::it_ends_with_its_process", a_cluster_ends_with_its_process);
        }
    }
    cases.run()
}

fn inner(variable: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(INNER).env_remove("MAINSTAY_TEST_REQUIRE").env("MAINSTAY_TEST_WITHOUT", "postgres");
    command.env(variable, "postgres").output().unwrap()
}

fn what_is_left_out_is_said_at_the_end() {
    let output = inner("MAINSTAY_TEST_WITHOUT");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{report}");
    assert!(report.contains("1 passed; 0 failed; 1 ignored"), "{report}");
    let last_lines = report.rsplit("test result").next().unwrap();
    assert!(last_lines.contains("LEFT OUT: 1 case, because postgres is missing: "), "{report}");

    let output = inner("MAINSTAY_TEST_REQUIRE");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success(), "{report}");
    assert!(report.contains("MAINSTAY_TEST_REQUIRE asks for it"), "{report}");
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn hold_a_cluster() -> ExitCode {
    let cluster = Cluster::start(Durability::Fast).unwrap();
    println!("{} {}", cluster.port(), cluster.directory().display());
    // For ever: the pipe's other end is the test, which kills this process.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    ExitCode::SUCCESS
}

fn a_cluster_ends_with_its_process() -> Result<(), CaseError> {
    testkit::Part::Postgres.find()?;
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .arg(HOLDER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (port, directory) = line.trim().split_once(' ').unwrap();
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port.parse().unwrap())).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();

    holder.kill().unwrap();
    holder.wait().unwrap();
    // The server closes what is open when it stops; a connection that stays open would run into the timeout.
    let ended = connection.read(&mut [0]);
    assert!(
        matches!(ended, Ok(0))
            || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    );
    for _ in 0..200 {
        if !Path::new(directory).exists() {
            return Ok(());
        }
        // The keeper removes the files after the server's end and has nobody left to tell.
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{directory} is still there");
}
