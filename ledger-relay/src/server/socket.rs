//! A connection over WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::state::{Relay, Seat, network, now_ms, random};
use crate::bus::{Bus as _, Inbox};
use crate::connection::{Connection, Output};
use crate::frame::Code;
use crate::limits::MAX_FRAME_BYTES;

/// Buffers of a connection. The library's own defaults take 128 KiB for each.
const BUFFER_BYTES: usize = 4_096;

pub(super) async fn upgrade(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MAX_FRAME_BYTES.saturating_mul(2))
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .on_upgrade(move |socket| run(relay, network(address.ip()), socket))
}

async fn run(relay: Arc<Relay>, address: [u8; 8], socket: WebSocket) {
    let Ok(random) = random() else { return };
    let mut connection = Connection::new(relay.identity.clone(), address, random, now_ms());
    // After the upgrade: clients are told nothing of one that is refused.
    let seat = relay.seat(address);
    if seat.is_none() || *relay.closing.borrow() {
        connection.close(Code::Closing);
    }
    let mut guest = Guest::join(&relay, seat);
    drive(&mut guest, &mut connection, socket).await;
    connection.followed().for_each(|topic| relay.bus.unfollow(guest.id, topic));
}

async fn drive(guest: &mut Guest, connection: &mut Connection, mut socket: WebSocket) {
    let relay = guest.relay.clone();
    let limits = &relay.identity.limits;
    let mut closing = relay.closing.subscribe();
    let idle = Duration::from_secs(limits.idle_seconds);
    let patience = Duration::from_secs(limits.send_seconds);
    let mut idle_until = Instant::now().checked_add(idle);
    let mut job = None;
    loop {
        for output in connection.outputs() {
            match output {
                Output::Send(frame) => {
                    guest.count_sent(&frame);
                    let sending = socket.send(Message::Binary(frame.into()));
                    match timeout(patience, sending).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return,
                        Err(_) => {
                            relay.metrics.slow.inc();
                            relay.metrics.refused(Code::Slow);
                            return;
                        }
                    }
                }
                Output::Close => {
                    let _ = timeout(patience, socket.close()).await;
                    return;
                }
                other => guest.carry_out(other),
            }
        }
        if job.is_none()
            && let Some(next) = connection.next_job()
        {
            let relay = relay.clone();
            job = Some(async move { relay.store.run(next).await }.boxed());
        }
        let idle_end = idle_until.unwrap_or_else(Instant::now);
        tokio::select! {
            result = async { job.as_mut()?.await.into() }, if job.is_some() => {
                job = None;
                if let Some(result) = result {
                    connection.complete(result);
                }
            }
            message = socket.next(), if connection.accepts() => {
                idle_until = Instant::now().checked_add(idle);
                match message {
                    Some(Ok(Message::Binary(frame))) => {
                        relay.metrics.frames.inc();
                        connection.receive(&frame, now_ms());
                    }
                    Some(Ok(Message::Text(_))) => connection.close(Code::Malformed),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            () = guest.wake.notified() => {
                for (topic, hint) in guest.inbox.take() {
                    connection.notice(topic, hint);
                }
            }
            () = sleep_until(idle_end), if connection.accepts() => connection.close(Code::Slow),
            _ = closing.wait_for(|closing| *closing) => connection.close(Code::Closing),
        }
    }
}

/// A connection's place at the bus.
pub(super) struct Guest {
    pub(super) relay: Arc<Relay>,
    pub(super) id: u64,
    pub(super) inbox: Arc<Inbox>,
    pub(super) wake: Arc<Notify>,
    _seat: Option<Seat>,
}

impl Guest {
    pub(super) fn join(relay: &Arc<Relay>, seat: Option<Seat>) -> Self {
        let wake = Arc::new(Notify::new());
        let waker = wake.clone();
        let (id, inbox) = relay.bus.join(Box::new(move || waker.notify_one()));
        Self { relay: relay.clone(), id, inbox, wake, _seat: seat }
    }

    /// Carries out what is neither sent nor closed.
    pub(super) fn carry_out(&self, output: Output) {
        match output {
            Output::Follow(topic) => self.relay.bus.follow(self.id, topic),
            Output::Unfollow(topic) => self.relay.bus.unfollow(self.id, topic),
            Output::Publish(topic, hint) => self.relay.bus.publish(self.id, topic, &hint),
            Output::Refused(code) => self.relay.metrics.refused(code),
            Output::Send(_) | Output::Close => {}
        }
    }

    pub(super) fn count_sent(&self, frame: &[u8]) {
        self.relay.metrics.sent_bytes.inc_by(u64::try_from(frame.len()).unwrap_or_default());
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.relay.bus.leave(self.id);
    }
}
