//! Linux: each desktop has a page of its own, and no two the same address.

pub(super) const PAGE: Option<super::Page> = None;
