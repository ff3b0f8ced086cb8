use super::*;
use crate::ticket::Ticket;
use ledger_core::bundle::RecordId;
use ledger_core::relay::AccessProof;
use ledger_core::seal::Topic;

fn requests() -> Vec<Request> {
    let topic = Topic::from_bytes([7; 32]);
    let ticket = Some(Ticket::from_bytes([3; 20]));
    let cursor = Some(Cursor { seq: 300, link: [5; 8] });
    let proof = AccessProof { commit: [1; 32], access: [2; 32], signature: [3; 64] };
    let hello =
        ClientHello { versions: vec![1, 2], features: vec!["x".into()], token: Some(vec![9]) };
    vec![
        Request::Hello(hello),
        Request::Prove { number: 1, topic, challenge: Some([4; 32]), proof },
        Request::Prove { number: 1, topic, challenge: None, proof },
        Request::Follow { number: 2, topic, ticket, read: cursor, stored: cursor, keys: cursor },
        Request::Follow { number: 2, topic, ticket: None, read: None, stored: None, keys: None },
        Request::Unfollow { number: 2 },
        Request::Credit { bytes: 1 << 20 },
        Request::Get { number: 3, topic, ticket, ids: vec![RecordId::from_bytes([8; 32])] },
        Request::Put { number: 4, topic, ticket, records: vec![vec![1; 40], vec![2; 99]] },
        Request::Say { number: 5, topic, ticket, body: vec![4; 1_200] },
    ]
}

fn replies() -> Vec<Reply> {
    let cursor = Cursor { seq: 300, link: [5; 8] };
    let hello = RelayHello {
        version: 1,
        features: vec!["say".into()],
        challenge: [6; 32],
        time_ms: 1_700_000_000_000,
        limits: crate::limits::Limits::default().told(),
        retention_days: 400,
        operator: "Ada".into(),
        contact: "abuse@relay.example".into(),
        policy: String::new(),
    };
    let records = vec![vec![1; 40]];
    vec![
        Reply::Hello(hello),
        Reply::Ticket { number: 1, ticket: Ticket::from_bytes([3; 20]), expires: 1_700_000_000 },
        Reply::Records {
            number: 2,
            lane: Lane::Keys,
            first: 9,
            link: [5; 8],
            records: records.clone(),
        },
        Reply::CaughtUp { number: 2, entries: cursor, keys: Cursor::default() },
        Reply::Diverged { number: 2, which: 1, entries: cursor, keys: cursor },
        Reply::Found { number: 3, records, missing: vec![RecordId::from_bytes([8; 32])] },
        Reply::Stored {
            number: 4,
            results: vec![
                PutResult::Stored(Lane::Entries, cursor),
                PutResult::Known(Lane::Keys, cursor),
                PutResult::Refused(Code::Full, 1_000),
            ],
        },
        Reply::Said { number: 2, body: vec![4; 9] },
        Reply::Unknown { kind: 40 },
        Reply::refusal(Some(4), Code::Ticket, None),
    ]
}

#[test]
fn every_frame_round_trips() {
    for request in requests() {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    for reply in replies() {
        assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
    }
}

#[test]
fn a_frame_that_is_cut_or_longer_is_refused() {
    for bytes in requests().iter().map(Request::encode) {
        for cut in 0..bytes.len() {
            assert!(matches!(Request::decode(&bytes[..cut]), Err(FrameError::Malformed(_))));
        }
        let longer = [bytes, vec![0]].concat();
        assert!(matches!(Request::decode(&longer), Err(FrameError::Malformed(_))));
    }
    for bytes in replies().iter().map(Reply::encode) {
        for cut in 0..bytes.len() {
            assert!(Reply::decode(&bytes[..cut]).is_err());
        }
    }
}

#[test]
fn what_exceeds_a_limit_is_refused_before_it_is_allocated() {
    let topic = Topic::from_bytes([7; 32]);
    let put = |records| Request::Put { number: 1, topic, ticket: None, records }.encode();
    assert!(Request::decode(&put(vec![vec![1]; 1_000])).is_ok());
    assert!(Request::decode(&put(vec![vec![1]; 1_001])).is_err());
    assert!(Request::decode(&put(vec![vec![1; 65_609]])).is_ok());
    assert!(Request::decode(&put(vec![vec![1; 65_610]])).is_err());
    let say = Request::Say { number: 1, topic, ticket: None, body: vec![4; 1_201] };
    assert!(Request::decode(&say.encode()).is_err());
    assert_eq!(Request::decode(&vec![0; 262_145]), Err(FrameError::Length(262_145)));
    // An array of 2^63 - 1 elements, announced.
    let mut huge = put(vec![]);
    huge.pop();
    huge.extend([0x9b, 0x7f, 255, 255, 255, 255, 255, 255, 255]);
    assert!(matches!(Request::decode(&huge), Err(FrameError::Malformed(_))));
}

#[test]
fn a_type_of_a_later_version_is_told_apart_from_a_malformed_frame() {
    assert_eq!(Request::decode(&[0x82, 0x18, 40, 1]), Err(FrameError::Unknown(40)));
    assert!(matches!(Request::decode(&[0xa0]), Err(FrameError::Malformed(_))));
    assert!(matches!(Request::decode(&[]), Err(FrameError::Malformed(_))));
    // A reply is no request.
    assert_eq!(Request::decode(&Reply::Unknown { kind: 1 }.encode()), Err(FrameError::Unknown(72)));
}

#[test]
fn codes_are_distinct() {
    for (place, code) in Code::ALL.iter().enumerate() {
        assert_eq!(Code::from_number(code.number()), *code);
        assert!(Code::ALL[place + 1..].iter().all(|other| other.number() != code.number()));
    }
    assert_eq!(Code::from_number(999).number(), 999);
}
