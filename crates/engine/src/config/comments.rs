//! Whose comment a comment is. The TOML library gives every comment to the table below it; people also write comments
//! about the file as a whole, or below the last thing they wrote.

use toml_edit::{Decor, DocumentMut, Item, Table, TableLike, Value};

/// After `removed` was taken out: keeps those comments above it that an empty line sets apart from it, for they are
/// not about it. They go to the table below, or to the end of the text.
pub(super) fn keep_general_ones(document: &mut DocumentMut, removed: Option<&Table>) {
    let Some(removed) = removed else { return };
    let above = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let Some((general, _)) = above.rsplit_once("\n\n") else { return };
    if !general.contains('#') {
        return;
    }
    let mut next: Option<&mut Table> = None;
    below(document.as_table_mut(), removed.position().unwrap_or_default(), &mut next);
    match next {
        Some(table) => {
            let own = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
            let gap = if own.starts_with('\n') { "\n" } else { "\n\n" };
            let prefix = format!("{general}{gap}{own}");
            table.decor_mut().set_prefix(prefix);
        }
        None => {
            let trailing = document.trailing().as_str().unwrap_or_default();
            let trailing = format!("{general}\n{trailing}");
            document.set_trailing(trailing);
        }
    }
}

/// Takes an entry out of a table, or of one in it (`outer.inner`). What was written above it and behind it stays where it
/// stood.
pub(super) fn take_out(document: &mut DocumentMut, table: &str, name: &str) {
    let mut position = 0;
    let mut found: &mut dyn TableLike = document.as_table_mut();
    for part in table.split('.') {
        let Some(item) = found.get_mut(part) else { return };
        position = item.as_table().and_then(Table::position).unwrap_or(position);
        let Some(inner) = item.as_table_like_mut() else { return };
        found = inner;
    }
    let Some(kept) = take_out_of(found, name) else { return };
    let mut next: Option<&mut Table> = None;
    below(document.as_table_mut(), position, &mut next);
    if let Some(next) = next {
        let prefix = format!("{kept}{}", prefix_of(next.decor()));
        next.decor_mut().set_prefix(prefix);
    } else {
        let trailing = format!("{kept}{}", document.trailing().as_str().unwrap_or_default());
        document.set_trailing(trailing);
    }
}

/// The same of one table. What was written about the entry and has no place in the table is given back.
fn take_out_of(entries: &mut dyn TableLike, name: &str) -> Option<String> {
    let mut kept = String::new();
    said_around(entries.key(name)?.leaf_decor(), &mut kept);
    said_in(entries.get(name)?, &mut kept);
    let after = entries.iter().skip_while(|(present, _)| *present != name).skip(1).find(|(_, item)| item.is_value());
    let after = after.map(|(present, _)| present.to_owned());
    entries.remove(name);
    if kept.is_empty() {
        return None;
    }
    let Some(mut key) = after.and_then(|after| entries.key_mut(&after)) else { return Some(kept) };
    let prefix = format!("{kept}{}", prefix_of(key.leaf_decor()));
    key.leaf_decor_mut().set_prefix(prefix);
    None
}

fn prefix_of(decor: &Decor) -> &str {
    decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

/// The comments around something, a line each; an empty line above them stays.
fn said_around(decor: &Decor, kept: &mut String) {
    let suffix = decor.suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default();
    for text in [prefix_of(decor), suffix] {
        if text.contains('#') {
            let lines = text.trim_end().split('\n').map(|line| format!("{}\n", line.trim_start()));
            kept.extend(lines);
        }
    }
}

fn said_in(item: &Item, kept: &mut String) {
    match item {
        Item::None => {}
        Item::Value(value) => {
            if let Value::Array(array) = value {
                for value in array {
                    said_around(value.decor(), kept);
                }
            }
            said_around(value.decor(), kept);
        }
        Item::Table(table) => said_in_table(table, kept),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| said_in_table(table, kept)),
    }
}

fn said_in_table(table: &Table, kept: &mut String) {
    said_around(table.decor(), kept);
    for (name, item) in table {
        if let Some(key) = table.key(name) {
            said_around(key.leaf_decor(), kept);
        }
        said_in(item, kept);
    }
}

/// Takes the comments at the end of the text, if a table that is added to `outer` will come last.
pub(super) fn take_trailing(document: &mut DocumentMut, outer: &str) -> String {
    let mut last = None;
    for (name, item) in document.iter() {
        if let Some(position) = item.as_table().and_then(last_position) {
            last = last.max(Some((position, name == outer)));
        }
    }
    let comes_last = last.is_none_or(|(_, is_outer)| is_outer);
    if comes_last { take_all_trailing(document) } else { String::new() }
}

/// Takes the comments at the end of the text, for a table that comes after everything.
pub(super) fn take_all_trailing(document: &mut DocumentMut) -> String {
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    if !trailing.contains('#') {
        return String::new();
    }
    document.set_trailing("");
    if trailing.ends_with('\n') { trailing } else { format!("{trailing}\n") }
}

fn last_position(table: &Table) -> Option<isize> {
    let inner = table.iter().filter_map(|(_, item)| item.as_table()).filter_map(last_position).max();
    table.position().max(inner)
}

/// The first table in the text behind `position`.
fn below<'d>(table: &'d mut Table, position: isize, best: &mut Option<&'d mut Table>) {
    let is_better =
        |own: isize| own > position && best.as_ref().and_then(|best| best.position()).is_none_or(|best| own < best);
    if table.position().is_some_and(is_better) && !table.is_dotted() {
        *best = Some(table);
        return;
    }
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(table) => below(table, position, best),
            Item::None | Item::Value(_) | Item::ArrayOfTables(_) => {}
        }
    }
}
