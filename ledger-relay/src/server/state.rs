//! What all connections share.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::config::{Config, ConfigError};
use super::metrics::Metrics;
use super::store::Store;
use crate::bus::MemoryBus;
use crate::connection::Identity;
use crate::log::{LogError, SqliteLog};
use crate::ticket::RelaySecret;

/// Error of starting or running a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The address cannot be listened on.
    #[error("cannot listen: {0}")]
    Listen(std::io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// A running relay.
pub(super) struct Relay {
    pub(super) identity: Arc<Identity>,
    pub(super) store: Store,
    pub(super) bus: MemoryBus,
    pub(super) metrics: Arc<Metrics>,
    /// Becomes true when the relay shuts down.
    pub(super) closing: watch::Sender<bool>,
    /// Open connections by network.
    open: Mutex<BTreeMap<[u8; 8], u64>>,
}

/// Place of one connection, which is free again when this is dropped.
pub(super) struct Seat {
    relay: Arc<Relay>,
    address: [u8; 8],
}

impl Relay {
    pub(super) fn open(config: &Config, address: SocketAddr) -> Result<Arc<Self>, ServeError> {
        config.check()?;
        let log = SqliteLog::open(&config.data, config.limits.clone(), random()?)?;
        let names = match config.names.is_empty() {
            true => vec![address.to_string()],
            false => config.names.clone(),
        };
        let identity = Identity {
            names,
            secret: RelaySecret::from_bytes(log.secret()?),
            limits: config.limits.clone(),
            operator: config.operator.clone(),
            contact: config.contact.clone(),
            policy: config.policy.clone(),
        };
        let metrics = Arc::new(Metrics::new());
        Ok(Arc::new(Self {
            identity: Arc::new(identity),
            store: Store::start(Arc::new(log), metrics.clone())?,
            bus: MemoryBus::default(),
            metrics,
            closing: watch::Sender::new(false),
            open: Mutex::default(),
        }))
    }

    /// A place for a connection. `None` if there are too many, in all or of this network.
    pub(super) fn seat(self: &Arc<Self>, address: [u8; 8]) -> Option<Seat> {
        let limits = &self.identity.limits;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u64 = open.values().fold(0, |all, count| all.saturating_add(*count));
        let own = open.get(&address).copied().unwrap_or_default();
        if all >= limits.connections || own >= limits.connections_per_address {
            return None;
        }
        open.insert(address, own.saturating_add(1));
        self.metrics.connections.inc();
        Some(Seat { relay: self.clone(), address })
    }

    /// Waits until no connection is open.
    pub(super) async fn drained(&self) {
        while self.metrics.connections.get() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.relay.open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(&self.address).copied().unwrap_or_default().saturating_sub(1);
        match left {
            0 => open.remove(&self.address),
            _ => open.insert(self.address, left),
        };
        self.relay.metrics.connections.dec();
    }
}

/// The network of an address: an IPv4 address, or the first 64 bits of an IPv6 address.
pub(super) fn network(address: IpAddr) -> [u8; 8] {
    match address.to_canonical() {
        IpAddr::V4(address) => (u64::from(u32::from(address))).to_be_bytes(),
        IpAddr::V6(address) => address.octets().first_chunk().copied().unwrap_or_default(),
    }
}

pub(super) fn now_ms() -> u64 {
    let passed = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], ServeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ServeError::Random)?;
    Ok(bytes)
}
