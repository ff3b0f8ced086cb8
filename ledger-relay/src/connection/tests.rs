use std::sync::Arc;

use super::*;
use crate::bus::Hint;
use crate::frame::{ClientHello, Code, Cursor, Reply, Request};
use crate::limits::Limits;
use crate::log::{LogError, SqliteLog};
use crate::ticket::{RelaySecret, Ticket};
use ledger_core::GroupId;
use ledger_core::bundle::RecordId;
use ledger_core::relay::{AccessProof, Lane};
use ledger_core::seal::EpochKey;

const NAME: &str = "relay.example:443";

struct Phone {
    connection: Connection,
    log: Arc<SqliteLog>,
    now_ms: u64,
    hints: Vec<Hint>,
    is_closed: bool,
}

fn key(byte: u8) -> EpochKey {
    EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [byte; 32])
}

fn record(n: u8) -> Vec<u8> {
    [&[77], key(1).topic().as_bytes().as_slice(), &[n]].concat()
}

fn store(folder: &tempfile::TempDir) -> Arc<SqliteLog> {
    Arc::new(SqliteLog::open(folder.path(), Limits::default(), [1; 32]).unwrap())
}

fn identity(secret: u8, limits: Limits) -> Arc<Identity> {
    Arc::new(Identity {
        names: vec!["other.example:443".into(), NAME.into()],
        secret: RelaySecret::from_bytes([secret; 32]),
        limits,
        operator: String::new(),
        contact: String::new(),
        policy: String::new(),
    })
}

impl Phone {
    fn new(log: &Arc<SqliteLog>, limits: Limits) -> (Self, [u8; 32]) {
        let connection = Connection::new(identity(1, limits), [0; 8], [2; 8], 1_000_000);
        let (log, hints) = (log.clone(), Vec::new());
        let mut phone = Self { connection, log, now_ms: 1_000_000, hints, is_closed: false };
        let Reply::Hello(hello) = phone.run().remove(0) else { panic!() };
        let ours = ClientHello { versions: vec![1], features: vec![], token: None };
        assert_eq!(phone.ask(Request::Hello(ours)), []);
        (phone, hello.challenge)
    }

    /// A phone that has proved its topic.
    fn inside(log: &Arc<SqliteLog>, limits: Limits) -> (Self, Ticket) {
        let (mut phone, challenge) = Self::new(log, limits);
        let proof = AccessProof::sign(&key(1), NAME, &challenge);
        let [Reply::Ticket { ticket, .. }] = phone.ask(prove(proof, None))[..] else { panic!() };
        (phone, ticket)
    }

    fn ask(&mut self, request: Request) -> Vec<Reply> {
        self.ask_bytes(&request.encode())
    }

    fn ask_bytes(&mut self, bytes: &[u8]) -> Vec<Reply> {
        assert!(self.connection.accepts());
        self.connection.receive(bytes, self.now_ms);
        self.run()
    }

    fn run(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        loop {
            for output in self.connection.outputs() {
                match output {
                    Output::Send(frame) => replies.push(Reply::decode(&frame).unwrap()),
                    Output::Publish(_, hint) => self.hints.push(hint),
                    Output::Close => self.is_closed = true,
                    _ => {}
                }
            }
            let Some(job) = self.connection.next_job() else { return replies };
            assert_eq!(self.connection.next_job(), None, "one at a time");
            self.connection.complete(job.run(&*self.log));
        }
    }
}

fn prove(proof: AccessProof, challenge: Option<[u8; 32]>) -> Request {
    Request::Prove { number: 1, topic: key(1).topic(), challenge, proof }
}

fn follow(read: Option<Cursor>, stored: Option<Cursor>) -> Request {
    Request::Follow { number: 9, topic: key(1).topic(), ticket: None, read, stored, keys: None }
}

fn put(records: Vec<Vec<u8>>) -> Request {
    Request::Put { number: 5, topic: key(1).topic(), ticket: None, records }
}

fn code(replies: &[Reply]) -> Code {
    match replies {
        [Reply::Error { code, .. }] => *code,
        other => panic!("{other:?}"),
    }
}

fn numbers(replies: &[Reply]) -> Vec<(u64, usize)> {
    let records = replies.iter().filter_map(|reply| match reply {
        Reply::Records { first, records, .. } => Some((*first, records.len())),
        _ => None,
    });
    records.collect()
}

#[test]
fn a_proof_for_another_relay_challenge_or_topic_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut phone, challenge) = Phone::new(&store(&folder), Limits::default());
    // An evil relay handed this relay's challenge on: the client signs the name that it dialed.
    for (proof, given) in [
        (AccessProof::sign(&key(1), "evil.example:443", &challenge), None),
        (AccessProof::sign(&key(2), NAME, &challenge), None),
        (AccessProof::sign(&key(1), NAME, &[0; 32]), None),
        (AccessProof::sign(&key(1), NAME, &[0; 32]), Some([0; 32])),
    ] {
        assert_eq!(code(&phone.ask(prove(proof, given))), Code::Proof);
    }
    assert_eq!(code(&phone.ask(put(vec![record(1)]))), Code::Ticket);
    // A challenge of another connection of this relay holds for five minutes.
    let other = RelaySecret::from_bytes([1; 32]).challenge(phone.now_ms - 300_000, [8; 8]);
    let proof = AccessProof::sign(&key(1), NAME, &other);
    assert!(matches!(phone.ask(prove(proof, Some(other)))[..], [Reply::Ticket { .. }]));
}

#[test]
fn a_ticket_opens_its_topic_at_its_relay_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let log = store(&folder);
    let (_, ticket) = Phone::inside(&log, Limits::default());
    let with = |topic, ticket| Request::Get { number: 2, topic, ticket: Some(ticket), ids: vec![] };
    let (mut phone, _) = Phone::new(&log, Limits::default());
    assert_eq!(code(&phone.ask(with(key(2).topic(), ticket))), Code::Ticket);
    let foreign = RelaySecret::from_bytes([9; 32]).ticket(key(1).topic(), u32::MAX);
    assert_eq!(code(&phone.ask(with(key(1).topic(), foreign))), Code::Ticket);
    phone.now_ms += 2_592_000_000;
    assert_eq!(code(&phone.ask(with(key(1).topic(), ticket))), Code::Ticket);
    phone.now_ms -= 1_000;
    assert!(matches!(phone.ask(with(key(1).topic(), ticket))[..], [Reply::Found { .. }]));
}

#[test]
fn unknown_frames_are_answered_and_malformed_ones_end_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (mut phone, _) = Phone::new(&store(&folder), Limits::default());
    assert_eq!(phone.ask_bytes(&[0x82, 0x18, 40, 1]), [Reply::Unknown { kind: 40 }]);
    assert!(!phone.is_closed);
    assert_eq!(code(&phone.ask_bytes(&[0xa0])), Code::Malformed);
    assert!(phone.is_closed && !phone.connection.accepts());
}

#[test]
fn a_client_of_no_common_version_or_without_hello_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = store(&folder);
    let hello = ClientHello { versions: vec![2], features: vec![], token: None };
    for (request, expected) in
        [(Request::Hello(hello), Code::Version), (Request::Credit { bytes: 1 }, Code::Malformed)]
    {
        let connection = Connection::new(identity(1, Limits::default()), [0; 8], [2; 8], 0);
        let (log, hints) = (log.clone(), Vec::new());
        let mut phone = Phone { connection, log, now_ms: 0, hints, is_closed: false };
        phone.run();
        assert_eq!(code(&phone.ask(request)), expected);
        assert!(phone.is_closed);
    }
}

#[test]
fn credit_bounds_what_is_sent_and_no_record_is_lost_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut phone, _) = Phone::inside(&store(&folder), Limits::default());
    phone.ask(put((0..10).map(record).collect()));
    assert_eq!(phone.ask(follow(None, None)), [], "no credit, nothing sent");
    let size = u64::try_from(record(0).len()).unwrap();
    assert_eq!(phone.ask(Request::Credit { bytes: size - 1 }), [], "less than a record");
    assert_eq!(numbers(&phone.ask(Request::Credit { bytes: 1 + 2 * size })), [(1, 3)]);
    let rest = phone.ask(Request::Credit { bytes: u64::MAX >> 1 });
    assert_eq!(numbers(&rest), [(4, 7)]);
    let Some(Reply::CaughtUp { number: 9, entries, keys }) = rest.last() else { panic!() };
    assert_eq!((entries.seq, *keys), (10, Cursor::default()));
    // From its cursor on, without credit: nothing is new, and it says so.
    assert!(matches!(phone.ask(follow(Some(*entries), None))[..], [Reply::CaughtUp { .. }]));
}

#[test]
fn a_hint_that_comes_while_the_log_is_read_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let log = store(&folder);
    let (mut phone, _) = Phone::inside(&log, Limits::default());
    let (mut other, _) = Phone::inside(&log, Limits::default());
    phone.ask(Request::Credit { bytes: 1 << 20 });
    phone.connection.receive(&follow(None, None).encode(), phone.now_ms);
    while let Some(job) = phone.connection.next_job() {
        let result = job.run(&*log);
        if matches!(job, Job::Read { lane: Lane::Entries, after: 0, .. }) {
            other.ask(put(vec![record(1)]));
            phone.connection.notice(key(1).topic(), Hint::Head);
        }
        phone.connection.complete(result);
    }
    assert_eq!(numbers(&phone.run()), [(1, 1)]);
}

#[test]
fn what_was_acknowledged_and_is_gone_is_diverged() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = store(&one);
    let (mut phone, _) = Phone::inside(&log, Limits::default());
    phone.ask(put(vec![record(1)]));
    log.backup(&two.path().join("relay.db")).unwrap();
    phone.ask(Request::Credit { bytes: 1 << 20 });
    let caught_up = phone.ask(follow(None, None));
    let Some(Reply::CaughtUp { entries: read, .. }) = caught_up.last() else { panic!() };
    let stored = phone.ask(put(vec![record(2)]));
    let Some(Reply::Stored { results, .. }) = stored.first() else { panic!() };
    let crate::frame::PutResult::Stored(Lane::Entries, stored) = results[0] else { panic!() };
    assert_eq!(phone.hints, [Hint::Head, Hint::Head]);

    // The restored copy has what was read, and lacks what was acknowledged afterwards.
    let (mut phone, _) = Phone::inside(&store(&two), Limits::default());
    assert!(matches!(phone.ask(follow(Some(*read), None))[..], [Reply::CaughtUp { .. }]));
    let diverged = phone.ask(follow(Some(*read), Some(stored)));
    assert!(matches!(diverged[..], [Reply::Diverged { number: 9, which: 1, .. }]), "{diverged:?}");
    assert_eq!(phone.connection.followed().count(), 0, "nothing is followed");
    assert!(matches!(phone.ask(follow(None, None))[..], []), "from the first again: no credit");
}

#[test]
fn rates_and_numbers_of_topics_are_refused_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        records_per_second: 1,
        said_per_minute: 1,
        topics_per_connection: 1,
        ..Limits::default()
    };
    let log = store(&folder);
    let (mut phone, _) = Phone::inside(&log, limits);
    phone.ask(put((0..10).map(record).collect()));
    let refused = phone.ask(put(vec![record(1)]));
    assert!(matches!(refused[..], [Reply::Error { code: Code::Rate, retry_ms: Some(1_001), .. }]));
    phone.now_ms += 1_001;
    assert!(matches!(phone.ask(put(vec![record(1)]))[..], [Reply::Stored { .. }]));

    let topic = key(1).topic();
    let say = |form| Request::Say {
        number: 3,
        topic,
        ticket: None,
        body: [&[form], topic.as_bytes().as_slice(), &[0; 40]].concat(),
    };
    assert_eq!(code(&phone.ask(say(1))), Code::Record);
    assert_eq!(phone.ask(say(4)), []);
    assert!(matches!(phone.hints.last(), Some(Hint::Said(_))));
    assert_eq!(code(&phone.ask(say(4))), Code::Rate);

    phone.ask(follow(None, None));
    let ticket = Some(RelaySecret::from_bytes([1; 32]).ticket(key(2).topic(), u32::MAX));
    let second = Request::Follow {
        number: 8,
        topic: key(2).topic(),
        ticket,
        read: None,
        stored: None,
        keys: None,
    };
    assert_eq!(code(&phone.ask(second)), Code::Topics);
    phone.ask(Request::Unfollow { number: 9 });
    assert_eq!(phone.connection.followed().count(), 0);
}

#[test]
fn records_come_by_id_and_a_failing_log_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut phone, _) = Phone::inside(&store(&folder), Limits::default());
    phone.ask(put(vec![record(1), record(2)]));
    let gone = RecordId::from_bytes([0; 32]);
    let ids = vec![RecordId::compute(&record(2)), gone];
    let get = Request::Get { number: 4, topic: key(1).topic(), ticket: None, ids };
    let found = Reply::Found { number: 4, records: vec![record(2)], missing: vec![gone] };
    assert_eq!(phone.ask(get.clone()), [found]);
    phone.connection.receive(&get.encode(), phone.now_ms);
    assert!(phone.connection.next_job().is_some());
    assert!(!phone.connection.accepts(), "no second frame while one is answered");
    phone.connection.complete(Err(LogError("disk full".into())));
    assert_eq!(code(&phone.run()), Code::Failed);
    assert!(phone.connection.accepts());
}
