//! The registered part of a generated tree.

use super::{Directory, Node};
use crate::{fs::Kind, sync::SpinLock};
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::ops::Deref;

/// A directory with registered names, and directories that add their own.
pub(super) struct Fixed {
    state: SpinLock<State>,
}

struct State {
    names: BTreeMap<String, Child>,
    dynamic: Vec<Arc<dyn Directory>>,
}

#[derive(Clone)]
pub(super) enum Child {
    Leaf(Node),
    Dir(Arc<Fixed>),
}

/// The top of a tree is static, everything below it is counted.
pub(super) enum FixedRef {
    Top(&'static Fixed),
    Below(Arc<Fixed>),
}

impl Deref for FixedRef {
    type Target = Fixed;
    fn deref(&self) -> &Fixed {
        match self {
            FixedRef::Top(fixed) => fixed,
            FixedRef::Below(fixed) => fixed,
        }
    }
}

impl Fixed {
    pub(super) const fn new() -> Fixed {
        let state = State {
            names: BTreeMap::new(),
            dynamic: Vec::new(),
        };
        Fixed {
            state: SpinLock::new(state),
        }
    }

    pub(super) fn insert(&self, name: &str, child: Child) {
        let _old = self.state.lock().names.insert(name.to_string(), child);
    }

    pub(super) fn add_dynamic(&self, directory: Arc<dyn Directory>) {
        self.state.lock().dynamic.push(directory);
    }

    /// The directory `name`, made if it is not there; a leaf of that name goes.
    pub(super) fn dir(&self, name: &str) -> Arc<Fixed> {
        let mut state = self.state.lock();
        if let Some(Child::Dir(dir)) = state.names.get(name) {
            return dir.clone();
        }
        let dir = Arc::new(Fixed::new());
        state
            .names
            .insert(name.to_string(), Child::Dir(dir.clone()));
        dir
    }
}

impl Directory for Fixed {
    fn get(&self, name: &str) -> Option<Node> {
        let (child, dynamic) = {
            let state = self.state.lock();
            (state.names.get(name).cloned(), state.dynamic.clone())
        };
        match child {
            Some(Child::Leaf(node)) => Some(node),
            Some(Child::Dir(dir)) => Some(Node::directory(dir)),
            // Asked without the lock: they may look at tasks and devices.
            None => dynamic.iter().find_map(|directory| directory.get(name)),
        }
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let (mut names, dynamic) = {
            let state = self.state.lock();
            let names: Vec<_> = state
                .names
                .iter()
                .map(|(name, child)| (name.clone(), child.kind()))
                .collect();
            (names, state.dynamic.clone())
        };
        for directory in dynamic {
            for (name, kind) in directory.names() {
                if !names.iter().any(|(known, _)| *known == name) {
                    names.push((name, kind));
                }
            }
        }
        names
    }
}

impl Child {
    fn kind(&self) -> Kind {
        match self {
            Child::Leaf(node) => node.kind(),
            Child::Dir(_) => Kind::Directory,
        }
    }
}
