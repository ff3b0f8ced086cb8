//! Configuration: defaults, then a file, then flags and environment.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::limits::Limits;

/// Configuration of a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of the store.
    pub data: PathBuf,
    /// Address for `/metrics`, which is for the operator alone. None by default.
    pub metrics: Option<SocketAddr>,
    /// Host and port under which clients dial this relay. Without any: the address it listens on.
    pub names: Vec<String>,
    /// Who runs it.
    pub operator: String,
    /// Whom to tell of abuse.
    pub contact: String,
    /// Address of its policy.
    pub policy: String,
    /// Limits.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8443).into(),
            data: "relay-data".into(),
            metrics: None,
            names: Vec::new(),
            operator: String::new(),
            contact: String::new(),
            policy: String::new(),
            limits: Limits::default(),
        }
    }
}

/// Error of a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The file is not TOML of the known fields.
    #[error("{0}: {1}")]
    Toml(PathBuf, String),
    /// A name of the relay is not host and port.
    #[error("the name {0:?} is not host:port in lower case, such as relay.example:443")]
    Name(String),
    /// A text is too long for `hello`.
    #[error("`{0}` is longer than 256 bytes")]
    Text(&'static str),
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot be read, or has other fields.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File(path.to_owned(), error))?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Toml(path.to_owned(), error.message().to_owned()))
    }

    /// Checks names and texts.
    ///
    /// # Errors
    /// [`ConfigError`] of the first that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let is_name = |name: &String| {
            let host = name.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
            name.len() <= 255
                && host.is_some_and(|(host, _)| !host.is_empty())
                && !name.contains(|c: char| c.is_ascii_uppercase() || c.is_whitespace())
        };
        if let Some(name) = self.names.iter().find(|name| !is_name(name)) {
            return Err(ConfigError::Name(name.clone()));
        }
        let texts =
            [("operator", &self.operator), ("contact", &self.contact), ("policy", &self.policy)];
        match texts.iter().find(|(_, text)| text.len() > 256) {
            Some((name, _)) => Err(ConfigError::Text(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_host_and_port_in_lower_case() {
        let with = |name: &str| Config { names: vec![name.to_owned()], ..Config::default() };
        assert!(with("relay.example:443").check().is_ok());
        assert!(with("[::1]:443").check().is_ok());
        for wrong in ["relay.example", "Relay.example:443", ":443", "a b:1", "a:99999"] {
            assert!(matches!(with(wrong).check(), Err(ConfigError::Name(_))), "{wrong}");
        }
    }

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.toml");
        let text = "operator = \"Ada\"\n[limits]\nidle_seconds = 9\n";
        std::fs::write(&path, text).unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!((config.operator.as_str(), config.limits.idle_seconds), ("Ada", 9));
        assert_eq!(config.listen, Config::default().listen);
        std::fs::write(&path, "operater = \"Ada\"").unwrap();
        assert!(matches!(Config::read(&path), Err(ConfigError::Toml(..))));
    }
}
