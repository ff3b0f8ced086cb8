//! A client over WebSocket, and a relay in this process.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ledger_core::GroupId;
use ledger_core::relay::AccessProof;
use ledger_core::seal::EpochKey;
use ledger_relay::frame::{ClientHello, Reply, Request};
use ledger_relay::server::{Config, serve};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn key(byte: u8) -> EpochKey {
    EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [byte; 32])
}

pub(crate) fn record(n: u32) -> Vec<u8> {
    [&[77], key(1).topic().as_bytes().as_slice(), &n.to_be_bytes()].concat()
}

pub(crate) fn hello() -> Request {
    Request::Hello(ClientHello { versions: vec![1], features: vec![], token: None })
}

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects and proves the topic of [`key`] 1.
    pub(crate) async fn inside(address: SocketAddr) -> Self {
        let (mut client, challenge) = Self::connect(address).await;
        client.send(&hello()).await;
        let proof = AccessProof::sign(&key(1), &address.to_string(), &challenge);
        let topic = key(1).topic();
        client.send(&Request::Prove { number: 1, topic, challenge: None, proof }).await;
        assert!(matches!(client.next().await, Some(Reply::Ticket { .. })));
        client
    }

    pub(crate) async fn connect(address: SocketAddr) -> (Self, [u8; 32]) {
        let (socket, _) = connect_async(format!("ws://{address}/v1/connect")).await.unwrap();
        let mut client = Self { socket };
        let Some(Reply::Hello(hello)) = client.next().await else { panic!("no hello") };
        (client, hello.challenge)
    }

    pub(crate) async fn send(&mut self, request: &Request) {
        self.send_bytes(request.encode()).await.unwrap();
    }

    pub(crate) async fn send_bytes(
        &mut self,
        bytes: Vec<u8>,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        self.socket.send(Message::Binary(bytes.into())).await
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Reply> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.unwrap()? {
                Ok(Message::Binary(frame)) => return Some(Reply::decode(&frame).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub(crate) async fn follow(&mut self) {
        self.send(&Request::Credit { bytes: 1 << 20 }).await;
        let topic = key(1).topic();
        let (ticket, read, stored, keys) = (None, None, None, None);
        self.send(&Request::Follow { number: 2, topic, ticket, read, stored, keys }).await;
    }

    pub(crate) async fn put(&mut self, records: Vec<Vec<u8>>) {
        self.send(&Request::Put { number: 3, topic: key(1).topic(), ticket: None, records }).await;
    }
}

/// A relay in this process.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

pub(crate) async fn start(config: Config) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let config =
        Config { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().into(), ..config };
    let (stop, stopped) = oneshot::channel();
    let (ready, address) = oneshot::channel();
    let shutdown = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(async move {
        serve(config, |address| ready.send(address).unwrap(), shutdown).await.unwrap();
    });
    Served { address: address.await.unwrap(), stop, task, _folder: folder }
}
