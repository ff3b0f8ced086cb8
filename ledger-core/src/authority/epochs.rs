//! Usable epochs, and the recovery keys that get their keys (SPEC §11.2).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::own_cut_concerns;
use super::enrolment::{card, enrolled_by};
use super::history::{GenerationRecord, History, Node, StatementRecord};
use super::past::Past;
use super::resolve::Resolution;
use super::state::{devices, rotations_in_force};
use crate::base::id::{DeviceId, EntryId};
use crate::payload::Payload;
use crate::state::UsableEpoch;
use crate::statement::{Generation, StatementBody};

/// Returns the applied epochs that have in their past a carrier of every accepted cut, and the
/// rotation in force of each device that may write.
///
/// A revocation of a device that nothing enrols is left out: its author can sign such revocations
/// without end.
pub(super) fn usable_epochs(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<(u64, EntryId), UsableEpoch> {
    let nodes = || history.nodes.iter().enumerate().zip(&resolution.verdicts);
    let applied = || nodes().filter(|(_, verdict)| verdict.is_applied()).map(|(node, _)| node);
    let writing = devices(history, resolution);
    let in_force = rotations_in_force(history, resolution);
    let in_force = in_force.iter().filter(|(device, _)| writing.contains_key(device));
    let rotations: Vec<usize> = in_force.map(|(_, rotation)| rotation.number).collect();
    let enrolled: BTreeSet<(Generation, DeviceId)> = history
        .nodes
        .iter()
        .filter_map(|node| enrolled_by(history, node))
        .filter_map(|(enrolment, _)| history.enrolled_device(enrolment))
        .chain(history.generations.iter().map(|(generation, record)| (*generation, record.device)))
        .collect();
    let is_required = |record: &&StatementRecord| match record.statement.body() {
        StatementBody::Revoke { generation, device } => enrolled.contains(&(*generation, *device)),
        body => body.is_cut(),
    };
    let cuts: Vec<&StatementRecord> = resolution.accepted(history).filter(is_required).collect();
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
