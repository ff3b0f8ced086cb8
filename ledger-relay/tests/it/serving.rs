//! Two clients over WebSocket, requests without one, hostile and slow clients, and the end.

use std::net::SocketAddr;
use std::time::Duration;

use ledger_core::relay::AccessProof;
use ledger_relay::frame::{Code, Reply, Request};
use ledger_relay::limits::Limits;
use ledger_relay::server::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Client, hello, key, record, start};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_client_puts_another_reads_at_once() {
    let relay = start(Config::default()).await;
    let (mut anna, mut ben) =
        (Client::inside(relay.address).await, Client::inside(relay.address).await);
    ben.follow().await;
    assert!(matches!(ben.next().await, Some(Reply::CaughtUp { number: 2, .. })));
    anna.put(vec![record(1), record(2)]).await;
    let Some(Reply::Stored { number: 3, results }) = anna.next().await else { panic!() };
    assert_eq!(results.len(), 2);
    let Some(Reply::Records { first: 1, records, .. }) = ben.next().await else { panic!() };
    assert_eq!(records, [record(1), record(2)]);
    let topic = key(1).topic();
    let body = [&[4], topic.as_bytes().as_slice(), &[0; 40]].concat();
    anna.send(&Request::Say { number: 4, topic, ticket: None, body: body.clone() }).await;
    assert_eq!(ben.next().await, Some(Reply::Said { number: 2, body }));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_frames_are_refused_and_others_go_on() {
    let relay = start(Config::default()).await;
    let mut honest = Client::inside(relay.address).await;
    let (mut hostile, _) = Client::connect(relay.address).await;
    hostile.send_bytes(vec![0xa0]).await.unwrap();
    assert!(matches!(hostile.next().await, Some(Reply::Error { code: Code::Malformed, .. })));
    assert_eq!(hostile.next().await, None, "the connection ended");
    let (mut hostile, _) = Client::connect(relay.address).await;
    // The relay may close before all of it is written.
    let _ = hostile.send_bytes(vec![0; 300_000]).await;
    assert_eq!(hostile.next().await, None, "longer than a frame may be");
    honest.send_bytes(vec![0x82, 0x18, 40, 1]).await.unwrap();
    assert_eq!(honest.next().await, Some(Reply::Unknown { kind: 40 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_takes_nothing_is_closed_and_holds_up_nobody() {
    let limits = Limits { send_seconds: 1, idle_seconds: 600, ..Limits::default() };
    let relay = start(Config { limits, ..Config::default() }).await;
    let mut anna = Client::inside(relay.address).await;
    let large = |n: u32| {
        let mut bytes = record(n);
        bytes.resize(65_609, 0);
        bytes
    };
    for n in 0..200 {
        anna.put(vec![large(n), large(n + 1_000), large(n + 2_000)]).await;
        assert!(matches!(anna.next().await, Some(Reply::Stored { .. })));
    }
    let mut slow = Client::inside(relay.address).await;
    slow.send(&Request::Credit { bytes: 1 << 40 }).await;
    slow.follow().await;
    // More than the sockets of both sides hold, and nobody reads for longer than the relay waits.
    tokio::time::sleep(Duration::from_secs(3)).await;
    anna.put(vec![record(9)]).await;
    assert!(matches!(anna.next().await, Some(Reply::Stored { .. })));
    let mut got = 0;
    while let Some(reply) = slow.next().await {
        got += usize::from(matches!(reply, Reply::Records { .. }));
    }
    assert!(got < 200, "{got} of 201 frames came before the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_of_one_network_are_told_to_come_later() {
    let limits = Limits { connections_per_address: 1, ..Limits::default() };
    let relay = start(Config { limits, ..Config::default() }).await;
    let first = Client::inside(relay.address).await;
    let (mut second, _) = Client::connect(relay.address).await;
    assert!(matches!(second.next().await, Some(Reply::Error { code: Code::Closing, .. })));
    drop(first);
    tokio::time::sleep(Duration::from_millis(300)).await;
    Client::inside(relay.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_frames_go_by_post_and_wait_for_news() {
    let relay = start(Config::default()).await;
    let replies = exchange(relay.address, "", &[hello()]).await;
    let [Reply::Hello(greeting)] = &replies[..] else { panic!("{replies:?}") };
    let challenge = Some(greeting.challenge);
    let proof = AccessProof::sign(&key(1), &relay.address.to_string(), &greeting.challenge);
    let topic = key(1).topic();
    let prove = Request::Prove { number: 1, topic, challenge, proof };
    let replies = exchange(relay.address, "", &[hello(), prove]).await;
    let [_, Reply::Ticket { ticket, .. }] = replies[..] else { panic!("{replies:?}") };
    let (read, stored, keys) = (None, None, None);
    let follow = Request::Follow { number: 2, topic, ticket: Some(ticket), read, stored, keys };
    let asks = [hello(), Request::Credit { bytes: 1 << 20 }, follow];
    assert!(matches!(exchange(relay.address, "", &asks).await[..], [_, Reply::CaughtUp { .. }]));
    let address = relay.address;
    let waiting = tokio::spawn(async move { exchange(address, "?wait=20", &asks).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    Client::inside(address).await.put(vec![record(7)]).await;
    let replies = waiting.await.unwrap();
    let [_, Reply::CaughtUp { .. }, Reply::Records { records, .. }] = &replies[..] else {
        panic!("{replies:?}")
    };
    assert_eq!(records[..], [record(7)]);
    let (status, _) = post(relay.address, "", &[0, 0, 0, 9, 1]).await;
    assert_eq!(status, "400", "a body that is cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_told_to_open_connections() {
    let relay = start(Config::default()).await;
    let mut client = Client::inside(relay.address).await;
    relay.stop.send(()).unwrap();
    assert!(matches!(client.next().await, Some(Reply::Error { code: Code::Closing, .. })));
    assert_eq!(client.next().await, None);
    relay.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures_are_shown_without_topics() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let relay = start(Config { metrics: Some(free), ..Config::default() }).await;
    let mut anna = Client::inside(relay.address).await;
    anna.put(vec![record(1), vec![1; 9]]).await;
    anna.next().await;
    for page in ["/healthz", "/readyz"] {
        assert_eq!(http(relay.address, &format!("GET {page} HTTP/1.1\r\n"), &[]).await.0, "200");
    }
    assert_eq!(http(relay.address, "GET /metrics HTTP/1.1\r\n", &[]).await.0, "404");
    let (_, page) = http(free, "GET /metrics HTTP/1.1\r\n", &[]).await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("relay_connections 1\n"), "{page}");
    assert!(page.contains("relay_refusals_total{code=\"5\"} 1\n"), "{page}");
    assert!(!page.contains(&key(1).topic().to_string()));
}

async fn exchange(address: SocketAddr, query: &str, requests: &[Request]) -> Vec<Reply> {
    let framed = requests.iter().map(Request::encode).flat_map(|frame| {
        let len = u32::try_from(frame.len()).unwrap().to_be_bytes();
        [len.to_vec(), frame].concat()
    });
    let (status, answer) = post(address, query, &framed.collect::<Vec<u8>>()).await;
    assert_eq!(status, "200");
    let mut rest = &answer[..];
    let mut replies = Vec::new();
    while let Some((len, more)) = rest.split_first_chunk::<4>() {
        let (frame, more) = more.split_at(u32::from_be_bytes(*len).try_into().unwrap());
        replies.push(Reply::decode(frame).unwrap());
        rest = more;
    }
    replies
}

async fn post(address: SocketAddr, query: &str, body: &[u8]) -> (String, Vec<u8>) {
    http(address, &format!("POST /v1/exchange{query} HTTP/1.1\r\n"), body).await
}

/// Status and body of one request.
async fn http(address: SocketAddr, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let len = body.len();
    let head = format!("{head}Host: x\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let split = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let status = String::from_utf8(answer[9..12].to_vec()).unwrap();
    (status, answer[split + 4..].to_vec())
}
