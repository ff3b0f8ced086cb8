//! Command line of the relay.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use ledger_relay::limits::Limits;
use ledger_relay::log::SqliteLog;
use ledger_relay::server::{Config, serve};
use tokio::signal::unix::{SignalKind, signal};

/// Relay of Group Ledger: keeps sealed records, and hands them to who proves their topic.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until SIGTERM or Ctrl-C.
    Serve(Serve),
    /// Checks configuration and store.
    Check(Serve),
    /// Writes a copy of the store to a new file, also while a server runs.
    Backup {
        /// Folder of the store.
        #[arg(long, default_value = "relay-data", env = "LEDGER_RELAY_DATA")]
        data: PathBuf,
        /// The file to write.
        to: PathBuf,
    },
    /// Prints how much the store holds.
    Stats {
        /// Folder of the store.
        #[arg(long, default_value = "relay-data", env = "LEDGER_RELAY_DATA")]
        data: PathBuf,
    },
}

/// Flags go before the environment, and that before the file.
#[derive(Args)]
struct Serve {
    /// Configuration in TOML; every field has a default.
    #[arg(long, env = "LEDGER_RELAY_CONFIG")]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8443].
    #[arg(long, env = "LEDGER_RELAY_LISTEN")]
    listen: Option<SocketAddr>,
    /// Folder of the store [default: relay-data].
    #[arg(long, env = "LEDGER_RELAY_DATA")]
    data: Option<PathBuf>,
    /// Address for `/metrics` [default: none].
    #[arg(long, env = "LEDGER_RELAY_METRICS")]
    metrics: Option<SocketAddr>,
    /// Host and port under which clients dial this relay, such as relay.example:443. Repeatable
    /// [default: the address to listen on].
    #[arg(long = "name", env = "LEDGER_RELAY_NAMES", value_delimiter = ',')]
    names: Vec<String>,
    /// Writes logs as JSON.
    #[arg(long, env = "LEDGER_RELAY_LOG_JSON")]
    log_json: bool,
}

impl Serve {
    fn config(self) -> Result<Config, Box<dyn std::error::Error>> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        config.listen = self.listen.unwrap_or(config.listen);
        config.data = self.data.unwrap_or(config.data);
        config.metrics = self.metrics.or(config.metrics);
        if !self.names.is_empty() {
            config.names = self.names;
        }
        config.check()?;
        Ok(config)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ledger-relay: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        Command::Serve(flags) => {
            let logs = tracing_subscriber::fmt().with_writer(std::io::stderr);
            if flags.log_json {
                logs.json().init()
            } else {
                logs.init()
            }
            let mut terminate = signal(SignalKind::terminate())?;
            let shutdown = async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
            };
            let ready = |address| println!("listening on {address}");
            serve(flags.config()?, ready, shutdown).await?;
        }
        Command::Check(flags) => {
            let config = flags.config()?;
            open(&config.data)?.check()?;
            println!("configuration and store are whole");
        }
        Command::Backup { data, to } => {
            open(&data)?.backup(&to)?;
            println!("{}", to.display());
        }
        Command::Stats { data } => {
            let totals = open(&data)?.totals()?;
            println!("topics {}", totals.topics);
            println!("records {}", totals.records);
            println!("bytes {}", totals.bytes);
        }
    }
    Ok(())
}

/// Opens a store that is there already.
fn open(data: &std::path::Path) -> Result<SqliteLog, Box<dyn std::error::Error>> {
    if !data.join("relay.db").exists() {
        return Err(format!("there is no store in {}", data.display()).into());
    }
    Ok(SqliteLog::open(data, Limits::default(), [0; 32])?)
}
