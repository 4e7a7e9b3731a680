//! Whether a process belongs to a family: by whom it stems from, or by what it was given.

use crate::identity::Identity;
use crate::imp;

/// What a family is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// What its members carry in their environment, as `key=value`.
    pub tag: String,
    /// Who stands above all of it and takes its orphans in, as far as the system lets one do so.
    pub heir: Identity,
    /// The eldest below the heir, which may outlive it.
    pub eldest: Identity,
}

/// Whether somebody belongs to a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// It stems from the family, or it or somebody that it stems from carries the tag.
    Member,
    /// Neither of both, and it can be seen.
    Outsider,
    /// It is gone, or the system does not tell.
    Untold,
}

/// Whether the process with this number belongs to a family.
///
/// This is a look at what is there at the moment, and no proof against somebody who wants to be taken for a member: a tag
/// can be put on.
#[must_use]
pub fn kinship(pid: u32, family: &Family) -> Kinship {
    imp::kinship(pid, family)
}
