//! Figures for the operator, in the text form of Prometheus. No addresses and no topics.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::frame::Code;

/// All figures.
pub(super) struct Metrics {
    registry: Registry,
    /// Open connections.
    pub(super) connections: Gauge,
    /// Frames that came.
    pub(super) frames: Counter,
    /// Bytes of frames that went out.
    pub(super) sent_bytes: Counter,
    /// Transactions of puts.
    pub(super) commits: Counter,
    /// Puts in them.
    pub(super) puts: Counter,
    /// Seconds that a transaction took.
    pub(super) commit_seconds: Histogram,
    /// Connections that ended since they took too little.
    pub(super) slow: Counter,
    refusals: Family<Vec<(String, String)>, Counter>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("relay"),
            connections: Gauge::default(),
            frames: Counter::default(),
            sent_bytes: Counter::default(),
            commits: Counter::default(),
            puts: Counter::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.0005, 2.0, 14)),
            slow: Counter::default(),
            refusals: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register("frames", "Frames that came", metrics.frames.clone());
        registry.register("sent_bytes", "Bytes of frames sent", metrics.sent_bytes.clone());
        registry.register("commits", "Transactions of puts", metrics.commits.clone());
        registry.register("puts", "Puts in them", metrics.puts.clone());
        let seconds = metrics.commit_seconds.clone();
        registry.register("commit_seconds", "Seconds of a transaction", seconds);
        registry.register("slow", "Connections that took too little", metrics.slow.clone());
        registry.register("refusals", "Refusals by code", metrics.refusals.clone());
        metrics
    }

    pub(super) fn refused(&self, code: Code) {
        let label = vec![("code".to_owned(), code.number().to_string())];
        self.refusals.get_or_create(&label).inc();
    }

    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut page, &self.registry);
        page
    }
}
