//! Areas: what lies where in an address space, without pages.
//!
//! [`Areas`] keeps disjoint areas ordered by address, splits them at the edges of
//! a request and merges neighbours that agree in everything (glibc's arenas grow
//! by mprotect(2) in small steps; without merging each step would leave an area).

use super::{Backing, PAGE_SIZE, space::Prot};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Pages kept free below an area that grows down, as Linux's stack_guard_gap.
pub(super) const GUARD: usize = 256 * PAGE_SIZE;

/// What an area shows. Tells the object how many areas show it, cuts included, as
/// Linux counts (shmctl(2)'s `shm_nattch`).
pub(super) struct Shown {
    pub object: Arc<dyn Backing>,
    /// Page index in the object of the area's first page.
    pub first: u64,
}

impl Shown {
    pub fn new(object: Arc<dyn Backing>, first: u64) -> Shown {
        object.mapped();
        Shown { object, first }
    }
}

impl Clone for Shown {
    fn clone(&self) -> Shown {
        Shown::new(self.object.clone(), self.first)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.object.unmapped();
    }
}

/// A mapped range.
#[derive(Clone)]
pub(super) struct Area {
    pub start: usize,
    pub end: usize,
    pub prot: Prot,
    pub max_prot: Prot,
    pub shared: bool,
    /// What the pages show; `None` is private anonymous memory.
    pub backing: Option<Shown>,
    pub grows_down: bool,
    pub name: &'static str,
    /// mlock(2).
    pub locked: bool,
    /// MADV_DONTFORK.
    pub dont_fork: bool,
    /// MADV_WIPEONFORK.
    pub wipe_on_fork: bool,
    /// The page after the last one that a fault brought in, and how many pages the
    /// next fault there brings: sequential touching is served in growing batches.
    pub ahead: (usize, u8),
}

impl Area {
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Index in the backing of the page at `va`.
    pub fn index(&self, va: usize) -> u64 {
        let first = self.backing.as_ref().map_or(0, |shown| shown.first);
        first + ((va - self.start) / PAGE_SIZE) as u64
    }

    /// Cuts off and returns what lies from `at` on.
    fn split_off(&mut self, at: usize) -> Area {
        let mut tail = self.clone();
        tail.start = at;
        if let Some(shown) = &mut tail.backing {
            shown.first += ((at - self.start) / PAGE_SIZE) as u64;
        }
        tail.grows_down = false;
        self.end = at;
        tail
    }

    /// Whether `next` continues this area.
    fn joins(&self, next: &Area) -> bool {
        let backing = match (&self.backing, &next.backing) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                Arc::ptr_eq(&one.object, &other.object) && self.index(self.end) == other.first
            }
            _ => false,
        };
        backing
            && self.end == next.start
            && self.prot == next.prot
            && self.max_prot == next.max_prot
            && self.shared == next.shared
            && self.name == next.name
            && self.locked == next.locked
            && self.dont_fork == next.dont_fork
            && self.wipe_on_fork == next.wipe_on_fork
            && !next.grows_down
    }
}

/// Disjoint areas, by start address.
#[derive(Default)]
pub(super) struct Areas {
    map: BTreeMap<usize, Area>,
    /// Sum of the areas' bytes.
    pub bytes: usize,
}

impl Areas {
    /// The area that contains `va`.
    pub fn at(&self, va: usize) -> Option<&Area> {
        let (_, area) = self.map.range(..=va).next_back()?;
        (va < area.end).then_some(area)
    }

    /// The area that contains `va`. Its range must not be changed.
    pub fn at_mut(&mut self, va: usize) -> Option<&mut Area> {
        let (_, area) = self.map.range_mut(..=va).next_back()?;
        (va < area.end).then_some(area)
    }

    /// The first area that starts after `va`.
    pub fn after(&self, va: usize) -> Option<&Area> {
        self.map.range(va + 1..).next().map(|(_, area)| area)
    }

    /// The last area that ends at or before `va`.
    pub fn before(&self, va: usize) -> Option<&Area> {
        let found = self.map.range(..va).next_back().map(|(_, area)| area);
        found.filter(|area| area.end <= va)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Area> {
        self.map.values()
    }

    /// The areas that touch `start..end`, whole.
    pub fn overlapping(&self, start: usize, end: usize) -> impl Iterator<Item = &Area> {
        let first = self.at(start).map_or(start, |area| area.start);
        self.map.range(first..end.max(first)).map(|(_, area)| area)
    }

    pub fn is_free(&self, start: usize, end: usize) -> bool {
        self.overlapping(start, end).next().is_none()
    }

    /// Whether every byte of the range is mapped.
    pub fn covers(&self, start: usize, end: usize) -> bool {
        let mut at = start;
        for area in self.overlapping(start, end) {
            if area.start > at {
                return false;
            }
            at = area.end;
        }
        at >= end
    }

    /// Adds an area where nothing is; merges it with its neighbours.
    pub fn insert(&mut self, mut area: Area) {
        self.bytes += area.len();
        if let Some(before) = self.before(area.start).filter(|before| before.joins(&area)) {
            let start = before.start;
            if let Some(mut before) = self.map.remove(&start) {
                before.end = area.end;
                area = before;
            }
        }
        if let Some(after) = self.map.get(&area.end).filter(|after| area.joins(after)) {
            let start = after.start;
            if let Some(after) = self.map.remove(&start) {
                area.end = after.end;
            }
        }
        self.map.insert(area.start, area);
    }

    /// Takes what lies in `start..end` out, cutting areas at the edges.
    pub fn remove(&mut self, start: usize, end: usize) -> Vec<Area> {
        self.cut(start);
        self.cut(end);
        let mut removed = Vec::new();
        while let Some((&key, _)) = self.map.range(start..end).next() {
            if let Some(area) = self.map.remove(&key) {
                self.bytes -= area.len();
                removed.push(area);
            }
        }
        removed
    }

    /// Changes what lies in `start..end`, cutting areas at the edges and merging again.
    pub fn change(&mut self, start: usize, end: usize, mut change: impl FnMut(&mut Area)) {
        for mut area in self.remove(start, end) {
            change(&mut area);
            self.insert(area);
        }
    }

    /// Makes `at` an edge.
    fn cut(&mut self, at: usize) {
        let Some(area) = self.at_mut(at).filter(|area| area.start < at) else {
            return;
        };
        // The upper part keeps growing down, if any part does, only where the
        // lower one is gone; a stack that was cut does not grow into the cut.
        let tail = area.split_off(at);
        self.map.insert(at, tail);
    }

    /// Moves the start of an area that grows down.
    pub fn grow_down(&mut self, start: usize, new_start: usize) {
        if let Some(mut area) = self.map.remove(&start) {
            self.bytes += start - new_start;
            area.start = new_start;
            self.map.insert(new_start, area);
        }
    }

    /// The highest free range of `len` bytes below `top` and not below `bottom`,
    /// with a guard below areas that grow down.
    pub fn find_gap(&self, len: usize, bottom: usize, top: usize) -> Option<usize> {
        let mut end = top;
        for area in self.map.range(..top).rev().map(|(_, area)| area) {
            if area.end <= end && end - area.end >= len {
                break;
            }
            let guard = if area.grows_down { GUARD } else { 0 };
            end = end.min(area.start.saturating_sub(guard));
        }
        let start = end.checked_sub(len)?;
        (start >= bottom).then_some(start)
    }
}
