//! Which epochs are usable, and to whom their keys go (SPEC §11.2).

use std::collections::BTreeMap;

use super::cuts::own_cut_concerns;
use super::enrolment::card;
use super::history::{History, Node, StatementRecord};
use super::past::Past;
use super::resolve::Resolution;
use crate::id::EntryId;
use crate::payload::Payload;
use crate::state::UsableEpoch;
use crate::statement::{Generation, StatementBody};

/// The applied epochs that have in their past every accepted cut and every
/// applied rotation.
pub(super) fn usable_epochs(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<(u64, EntryId), UsableEpoch> {
    let nodes = || history.nodes.iter().enumerate().zip(&resolution.verdicts);
    let applied = || nodes().filter(|(_, verdict)| verdict.is_applied()).map(|(node, _)| node);
    let rotations: Vec<usize> = applied()
        .filter(|(_, node)| matches!(node.payload(), Payload::Rotation(_)))
        .map(|(place, _)| place)
        .collect();
    let cuts: Vec<&StatementRecord> = resolution
        .accepted(history)
        .filter(|stated| {
            matches!(
                stated.act.body(),
                StatementBody::Remove { .. }
                    | StatementBody::Bind { .. }
                    | StatementBody::Revoke { .. }
                    | StatementBody::Leave { .. }
            )
        })
        .collect();
    let knows_all = |past: &Past| {
        rotations.iter().all(|place| past.contains(*place))
            && cuts.iter().all(|cut| cut.carriers.iter().any(|place| past.contains(*place)))
    };
    let usable = |(_, node): (usize, &Node)| {
        let Payload::Epoch(epoch) = node.payload() else { return None };
        let past = history.closure(node.entry.decoded().header().dependencies());
        let usable = UsableEpoch::new(epoch.topic(), epoch.commit());
        knows_all(&past).then_some((node.order(), usable))
    };
    applied().filter_map(usable).collect()
}

/// The X25519 recovery keys of the current generations that nobody left.
pub(super) fn recovery_keys(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<Generation, [u8; 32]> {
    let left = |generation: Generation, device| {
        resolution.accepted(history).any(|stated| {
            matches!(stated.act.body(), StatementBody::Leave { .. })
                && own_cut_concerns(stated, generation, device)
        })
    };
    let stays = |(generation, start): &(&Generation, &super::history::GenerationRecord)| {
        resolution.is_current(history, **generation) && !left(**generation, start.device)
    };
    let key = |(generation, start): (&Generation, &super::history::GenerationRecord)| {
        let card = card(history.nodes.get(*start.by.first()?)?)?;
        Some((*generation, *card.recovery_public_key()))
    };
    history.generations.iter().filter(stays).filter_map(key).collect()
}
