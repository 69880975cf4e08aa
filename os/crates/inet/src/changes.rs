//! What changed in the configuration, for those who follow it (rtnetlink's groups).

use alloc::vec::Vec;

use crate::iface::{IfaceAddress, IfaceId, IfaceKind};
use crate::neighbour::Neighbour;
use crate::route::Route;
use crate::rule::Rule;
use crate::stack::Stack;

/// One change, with the state after it (before it, for what is removed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Flags, MTU, name, counters of an interface, or that it exists.
    Link(IfaceId),
    /// An interface is gone: its index, its name up to a NUL, its kind.
    LinkRemoved(IfaceId, [u8; 16], IfaceKind),
    /// An interface has one more address.
    AddressAdded(IfaceId, IfaceAddress),
    /// An interface has one less.
    AddressRemoved(IfaceId, IfaceAddress),
    /// One more row in the table.
    RouteAdded(Route),
    /// One less.
    RouteRemoved(Route),
    /// One more rule.
    RuleAdded(Rule),
    /// One less.
    RuleRemoved(Rule),
    /// An administrator set a neighbour, or one that was asked for answered or failed.
    Neighbour(Neighbour),
    /// A neighbour was forgotten.
    NeighbourRemoved(Neighbour),
}

/// So many between two calls of [`Stack::take_changes`]; the rest is lost to who follows.
const KEPT: usize = 1024;

impl Stack {
    pub(crate) fn note(&mut self, change: Change) {
        if self.changes.len() < KEPT {
            self.changes.push(change);
        }
    }

    /// What changed since the last call. Costs nothing when nothing did.
    pub fn take_changes(&mut self) -> Vec<Change> {
        core::mem::take(&mut self.changes)
    }
}
