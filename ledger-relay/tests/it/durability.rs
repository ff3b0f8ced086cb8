//! The real process, killed at any instant: every acknowledged record is found afterwards.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ledger_relay::frame::{PutResult, Reply, Request};

use crate::client::{Client, key, record};

/// Starts the process, and reads the address that it listens on.
fn spawn(data: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ledger-relay"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_record_is_found_after_the_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(u64, Vec<u8>)> = Vec::new();
    let mut n = 0;
    for round in 0..8_u64 {
        let (mut child, address) = spawn(folder.path());
        let mut client = Client::inside(address).await;
        let id = child.id();
        // Other instants in each round; no clock and no chance decides which.
        let pause = Duration::from_millis(7 + 23 * round);
        let killer = tokio::task::spawn_blocking(move || {
            std::thread::sleep(pause);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        loop {
            let records: Vec<Vec<u8>> = (n..n + 3).map(record).collect();
            n += 3;
            let put = Request::Put {
                number: 3,
                topic: key(1).topic(),
                ticket: None,
                records: records.clone(),
            };
            if client.send_bytes(put.encode()).await.is_err() {
                break;
            }
            let Some(Reply::Stored { results, .. }) = client.next().await else { break };
            for (result, record) in results.into_iter().zip(records) {
                let PutResult::Stored(_, cursor) = result else { panic!("{result:?}") };
                acknowledged.push((cursor.seq, record));
            }
        }
        killer.await.unwrap();
        assert_ne!(id, 0);
    }
    assert!(acknowledged.len() > 10, "{} acknowledged", acknowledged.len());

    let (mut child, address) = spawn(folder.path());
    let mut client = Client::inside(address).await;
    client.follow().await;
    let mut kept: Vec<Vec<u8>> = Vec::new();
    loop {
        match client.next().await {
            Some(Reply::Records { first, records, .. }) => {
                assert_eq!(first, u64::try_from(kept.len()).unwrap() + 1, "no gap");
                kept.extend(records);
            }
            Some(Reply::CaughtUp { .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    for (seq, record) in acknowledged {
        let place = usize::try_from(seq).unwrap() - 1;
        assert_eq!(kept.get(place), Some(&record), "record {seq}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
