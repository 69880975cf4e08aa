//! What is wanted of a group: RFC 3376 section 3.2.

use alloc::vec::Vec;
use core::net::IpAddr;

/// Kinds of group record (RFC 3376 section 4.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Record {
    IsInclude = 1,
    IsExclude = 2,
    ToInclude = 3,
    ToExclude = 4,
    Allow = 5,
    Block = 6,
}

impl Record {
    /// Of these a shorter list says more, so that one may be cut.
    pub fn may_be_cut(self) -> bool {
        matches!(self, Record::IsExclude | Record::ToExclude)
    }
}

/// What a host wants to hear of a group. Begins as "nobody".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub exclude: bool,
    pub sources: Vec<IpAddr>,
}

impl Filter {
    /// Everybody.
    pub fn everything() -> Filter {
        Filter {
            exclude: true,
            sources: Vec::new(),
        }
    }

    /// Whether nobody is wanted: the group is not joined.
    pub fn is_nobody(&self) -> bool {
        !self.exclude && self.sources.is_empty()
    }

    /// Whether a source is wanted.
    pub fn wants(&self, source: IpAddr) -> bool {
        self.sources.contains(&source) != self.exclude
    }

    /// Adds what one socket wants.
    pub fn add(&mut self, exclude: bool, sources: &[IpAddr]) {
        let has = |list: &[IpAddr], one: &IpAddr| list.contains(one);
        match (self.exclude, exclude) {
            (false, false) => {
                for source in sources {
                    if !has(&self.sources, source) {
                        self.sources.push(*source);
                    }
                }
            }
            (false, true) => {
                let wanted = core::mem::take(&mut self.sources);
                self.exclude = true;
                self.sources = difference(sources, &wanted);
            }
            (true, false) => self.sources.retain(|source| !has(sources, source)),
            (true, true) => self.sources.retain(|source| has(sources, source)),
        }
    }

    /// The sources that are in one of two lists only.
    pub fn changed(&self, after: &Filter) -> Vec<IpAddr> {
        let mut changed = difference(&self.sources, &after.sources);
        changed.extend(difference(&after.sources, &self.sources));
        changed
    }
}

/// What is in `a` and not in `b`.
fn difference(a: &[IpAddr], b: &[IpAddr]) -> Vec<IpAddr> {
    a.iter().copied().filter(|one| !b.contains(one)).collect()
}
