use super::*;
use crate::GroupId;
use crate::bundle::RecordId;
use crate::seal::{EpochKey, Topic};

const RELAY: &str = "relay.example:443";

fn key(byte: u8) -> EpochKey {
    EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [byte; 32])
}

#[test]
fn a_proof_holds_for_its_topic_relay_and_challenge_alone() {
    let proof = AccessProof::sign(&key(7), RELAY, &[9; 32]);
    assert!(proof.proves(key(7).topic(), RELAY, &[9; 32]));
    assert!(!proof.proves(key(8).topic(), RELAY, &[9; 32]));
    assert!(!proof.proves(key(7).topic(), "evil.example:443", &[9; 32]));
    assert!(!proof.proves(key(7).topic(), RELAY, &[8; 32]));
    let other = AccessProof::sign(&key(8), RELAY, &[9; 32]);
    assert!(!AccessProof { signature: other.signature, ..proof }.proves(
        key(7).topic(),
        RELAY,
        &[9; 32]
    ));
    // The access key of another topic signs rightly, but the topic certifies its own.
    assert!(!AccessProof { access: other.access, ..other }.proves(key(7).topic(), RELAY, &[9; 32]));
}

#[test]
fn a_log_takes_records_of_its_topic_and_all_key_envelopes() {
    let topic = Topic::from_bytes([5; 32]);
    let record = |kind: u8, topic: u8, len: usize| {
        let mut bytes = vec![topic; len];
        bytes[0] = kind;
        bytes
    };
    assert_eq!(lane_of(&record(1, 5, 585), topic), Ok(Lane::Entries));
    assert_eq!(lane_of(&record(1, 5, 586), topic), Err(RecordError::Length(586)));
    assert_eq!(lane_of(&record(1, 6, 585), topic), Err(RecordError::OtherTopic));
    assert_eq!(lane_of(&record(2, 6, 49 + 88 * 4), topic), Ok(Lane::Keys));
    assert_eq!(lane_of(&record(2, 6, 49 + 88 * 5), topic), Err(RecordError::Length(489)));
    assert_eq!(lane_of(&record(77, 5, 33), topic), Ok(Lane::Entries));
    assert_eq!(lane_of(&record(77, 5, 32), topic), Err(RecordError::Length(32)));
    assert_eq!(lane_of(&record(77, 5, 65_610), topic), Err(RecordError::Length(65_610)));
    assert_eq!(lane_of(&[], topic), Err(RecordError::Length(0)));
}

#[test]
fn a_link_stands_for_all_records_before_it() {
    let (a, b, c) = (RecordId::compute(b"a"), RecordId::compute(b"b"), RecordId::compute(b"c"));
    let link = |ids: &[RecordId]| ids.iter().fold([0; 32], |link, id| next_link(&link, id));
    assert_ne!(link(&[a, b, c]), link(&[b, a, c]), "the last id alone would be equal");
}
