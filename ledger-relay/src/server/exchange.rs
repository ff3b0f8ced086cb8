//! A connection as long as one request: the same frames by POST (SPEC §18.7).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::socket::Guest;
use super::state::{Relay, network, now_ms, random};
use crate::bus::Bus as _;
use crate::connection::{Connection, Output};
use crate::frame::Code;

/// Most frames of one request: an answer is bounded, too.
const MAX_FRAMES: usize = 64;

/// Longest wait for news, in seconds.
const MAX_WAIT: u64 = 25;

pub(super) async fn exchange(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Vec<u8>, StatusCode> {
    let address = network(address.ip());
    let random = random().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let wait = query.as_deref().and_then(|query| query.strip_prefix("wait="));
    let wait: u64 = wait.and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    let frames = split(&body).ok_or(StatusCode::BAD_REQUEST)?;
    let mut connection = Connection::new(relay.identity.clone(), address, random, now_ms());
    let seat = relay.seat(address);
    if seat.is_none() || *relay.closing.borrow() {
        connection.close(Code::Closing);
    }
    let guest = Guest::join(&relay, seat);
    let mut answer = Answer { bytes: Vec::new(), has_news: false };
    for frame in frames {
        relay.metrics.frames.inc();
        connection.receive(frame, now_ms());
        answer.settle(&guest, &mut connection).await;
    }
    answer.settle(&guest, &mut connection).await;
    let mut closing = relay.closing.subscribe();
    let until = Instant::now().checked_add(Duration::from_secs(wait.min(MAX_WAIT)));
    while let Some(until) = until
        && !answer.has_news
        && connection.followed().next().is_some()
    {
        tokio::select! {
            woken = timeout_at(until, guest.wake.notified()) => if woken.is_err() { break },
            _ = closing.wait_for(|closing| *closing) => break,
        }
        for (topic, hint) in guest.inbox.take() {
            connection.notice(topic, hint);
        }
        answer.settle(&guest, &mut connection).await;
    }
    connection.followed().for_each(|topic| relay.bus.unfollow(guest.id, topic));
    Ok(answer.bytes)
}

/// Frames of the relay so far.
struct Answer {
    bytes: Vec<u8>,
    /// Whether there is more than what says that there is nothing new.
    has_news: bool,
}

impl Answer {
    /// Does jobs until there are none.
    async fn settle(&mut self, guest: &Guest, connection: &mut Connection) {
        loop {
            for output in connection.outputs() {
                match output {
                    Output::Send(frame) => {
                        guest.count_sent(&frame);
                        // Everything but `hello`, tickets and "caught up" is news.
                        let kind = frame.get(1..3).unwrap_or_default();
                        self.has_news |= !matches!(kind, [0x18, 64 | 65 | 67]);
                        let len = u32::try_from(frame.len()).unwrap_or_default();
                        self.bytes.extend_from_slice(&len.to_be_bytes());
                        self.bytes.extend_from_slice(&frame);
                    }
                    other => guest.carry_out(other),
                }
            }
            let Some(job) = connection.next_job() else { return };
            connection.complete(guest.relay.store.run(job).await);
        }
    }
}

/// Cuts a body into its frames, each behind its length in four bytes.
fn split(mut body: &[u8]) -> Option<Vec<&[u8]>> {
    let mut frames = Vec::new();
    while let Some((len, rest)) = body.split_first_chunk::<4>() {
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (frame, rest) = rest.split_at_checked(len)?;
        frames.push(frame);
        body = rest;
    }
    (body.is_empty() && frames.len() <= MAX_FRAMES).then_some(frames)
}
