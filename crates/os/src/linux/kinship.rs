//! The way up from a process to those it stems from.

use super::procfs::{self, Stat};
use super::tagged::carries;
use crate::identity::Identity;
use crate::kinship::{Family, Kinship};

/// So many generations are looked at. Nobody who is asked for stands higher.
const GENERATIONS_MAX: usize = 128;
/// An elder that ends during the walk leaves its children to somebody else: so often the walk begins again.
const WALKS_MAX: usize = 4;

pub(crate) fn kinship(pid: u32, family: &Family) -> Kinship {
    let mut environment = Vec::new();
    for _ in 0..WALKS_MAX {
        let Ok(Some(first)) = procfs::stat(pid) else { return Kinship::Untold };
        if let Some(kinship) = walk(pid, &first, family, &mut environment) {
            return kinship;
        }
    }
    Kinship::Untold
}

/// One walk; nothing when somebody ended on the way.
fn walk(pid: u32, first: &Stat, family: &Family, environment: &mut Vec<u8>) -> Option<Kinship> {
    let (mut at, mut stat) = (pid, first.clone());
    for _ in 0..GENERATIONS_MAX {
        let is_elder = [&family.heir, &family.eldest].iter().any(|elder| elder.pid == at && elder.start == stat.start);
        if is_elder || carries(at, family.tag.as_bytes(), environment) {
            return Some(Kinship::Member);
        }
        if stat.parent == 0 {
            break;
        }
        at = stat.parent;
        stat = procfs::stat(at).ok()??;
    }
    // The dead do not show what they carried, and with the heir gone a member can have ended up anywhere.
    let is_told = !first.is_dead() || lives(&family.heir);
    Some(if is_told { Kinship::Outsider } else { Kinship::Untold })
}

fn lives(elder: &Identity) -> bool {
    procfs::stat(elder.pid).is_ok_and(|stat| stat.is_some_and(|stat| stat.start == elder.start && !stat.is_dead()))
}
