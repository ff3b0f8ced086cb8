//! The server: sockets, threads, clock and configuration around the state machine.

mod config;
mod exchange;
mod metrics;
mod socket;
mod state;
mod store;

pub use config::{Config, ConfigError};
pub use state::ServeError;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use state::Relay;

/// Time for connections to end after the signal to shut down.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is ready, then ends all connections. `ready` is told the address.
///
/// # Errors
/// [`ServeError`] if the store or the address cannot be opened.
pub async fn serve(
    config: Config,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = TcpListener::bind(config.listen).await.map_err(ServeError::Listen)?;
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    let relay = Relay::open(&config, address)?;
    let service = Router::new()
        .route("/v1/connect", get(socket::upgrade))
        .route("/v1/exchange", post(exchange::exchange))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(is_ready))
        .with_state(relay.clone())
        .into_make_service_with_connect_info::<SocketAddr>();
    if let Some(address) = config.metrics {
        let listener = TcpListener::bind(address).await.map_err(ServeError::Listen)?;
        let pages = Router::new()
            .route(
                "/metrics",
                get(|State(relay): State<Arc<Relay>>| async move { relay.metrics.page() }),
            )
            .with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, pages).await });
    }
    tracing::info!(names = ?relay.identity.names, "serving");
    ready(address);
    let closing = relay.closing.clone();
    let end = async move {
        shutdown.await;
        closing.send_replace(true);
    };
    axum::serve(listener, service).with_graceful_shutdown(end).await.map_err(ServeError::Listen)?;
    let _ = tokio::time::timeout(DRAIN, relay.drained()).await;
    tracing::info!("stopped");
    Ok(())
}

/// Whether the relay can store: a write of nothing goes through the writer and its transaction.
async fn is_ready(State(relay): State<Arc<Relay>>) -> (StatusCode, &'static str) {
    match relay.store.is_ready().await && !*relay.closing.borrow() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}
