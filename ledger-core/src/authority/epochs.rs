//! Usable epochs, and the recovery keys that get their keys (SPEC §11.2).

use std::collections::BTreeMap;

use super::cuts::own_cut_concerns;
use super::enrolment::card;
use super::history::{GenerationRecord, History, Node, StatementRecord};
use super::past::Past;
use super::resolve::Resolution;
use crate::base::id::EntryId;
use crate::payload::Payload;
use crate::state::UsableEpoch;
use crate::statement::{Generation, StatementBody};

/// Returns the applied epochs that have a carrier of every accepted cut and every
/// applied rotation in their past.
pub(super) fn usable_epochs(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<(u64, EntryId), UsableEpoch> {
    let nodes = || history.nodes.iter().enumerate().zip(&resolution.verdicts);
    let applied = || nodes().filter(|(_, verdict)| verdict.is_applied()).map(|(node, _)| node);
    let rotations: Vec<usize> = applied()
        .filter(|(_, node)| matches!(node.payload(), Payload::Rotation(_)))
        .map(|(number, _)| number)
        .collect();
    let cuts: Vec<&StatementRecord> =
        resolution.accepted(history).filter(|record| record.statement.body().is_cut()).collect();
    let knows_all = |past: &Past| {
        rotations.iter().all(|rotation| past.contains(*rotation))
            && cuts.iter().all(|cut| cut.carriers.iter().any(|carrier| past.contains(*carrier)))
    };
    let usable = |(_, node): (usize, &Node)| {
        let Payload::Epoch(epoch) = node.payload() else { return None };
        let usable = UsableEpoch::new(epoch.topic(), epoch.commit());
        knows_all(&history.past_of(node)).then_some((node.order(), usable))
    };
    applied().filter_map(usable).collect()
}

/// Returns the X25519 recovery keys of the current generations that no accepted leave
/// concerns.
pub(super) fn recovery_keys(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<Generation, [u8; 32]> {
    let left = |generation: Generation, device| {
        resolution.accepted(history).any(|record| {
            matches!(record.statement.body(), StatementBody::Leave { .. })
                && own_cut_concerns(record, generation, device)
        })
    };
    let stays = |(generation, record): &(&Generation, &GenerationRecord)| {
        resolution.is_current(history, **generation) && !left(**generation, record.device)
    };
    let key = |(generation, record): (&Generation, &GenerationRecord)| {
        let card = card(history.nodes.get(*record.started_by.first()?)?)?;
        Some((*generation, *card.recovery_public_key()))
    };
    history.generations.iter().filter(stays).filter_map(key).collect()
}
