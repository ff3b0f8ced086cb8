//! What devices read: of each that may write, what it said last (SPEC §4.17).

use ledger_core::Speaks;
use ledger_core::engine::Draft;
use serde_json::Value;

use crate::vectors::several;
use crate::vectors::world::World;

fn says(w: &mut World, device: u8, label: &str, version: u64, features: &[u64]) {
    let speaks = Speaks::new(version, features.iter().copied()).unwrap();
    w.say(device, label, &["*"], Draft::speaks(speaks));
}

fn last() -> Value {
    let mut w = World::with_ben();
    says(&mut w, 1, "anna-at-first", 1, &[1_024]);
    says(&mut w, 2, "ben", 2, &[]);
    says(&mut w, 1, "anna-now", 1, &[1_024, 1_025]);
    let found = w.evaluation().speaks();
    let features: Vec<_> = found.values().map(Speaks::features).collect();
    assert!(features.contains(&&[1_024, 1_025][..]) && features.len() == 2);
    w.scenario("speaks-last", "Of each device what it said last counts.", &[])
}

fn cut() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    says(&mut w, 4, "tablet", 1, &[7]);
    says(&mut w, 2, "ben", 1, &[]);
    assert_eq!(w.evaluation().speaks().len(), 2);
    w.revoke_tablet(2, "revoke", &["tablet"], &["*"]);
    assert_eq!(w.evaluation().speaks().len(), 1);
    w.scenario(
        "speaks-of-a-revoked-device",
        "What a device said that may no longer write says nothing, though it is applied.",
        &[],
    )
}

pub(crate) fn build() -> Value {
    several(&[last, cut])
}
